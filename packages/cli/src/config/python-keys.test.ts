import { describe, expect, test } from "vitest";
import { givenValues, loaded, problemsOf, warningsOf } from "./testing.ts";

// The files that users of the Python dispatcher bring, as they are.
const files: readonly (readonly [name: string, file: object, options: object])[] = [
  [
    "redis",
    {
      backend: "redis",
      connection: { host: "localhost", port: 6379, password: null, db: 0, ssl: false, username: "u" },
      lease_seconds: 30,
      heartbeat_timeout: 15.5,
      compress: true,
      adaptive_batching: false,
      initial_batch_size: 5,
      max_batch_size: 200,
      max_requeue_attempts: 2,
      global_timeout: 3600,
    },
    {
      ...{ backend: "redis", host: "localhost", port: 6379, db: 0, tls: false, username: "u", leaseMs: 30_000 },
      ...{ heartbeatTimeoutMs: 15_500, compress: "gzip", packs: false, initialBatchSize: 5, maxBatchSize: 200 },
      ...{ maxAttempts: 3, maxLost: 2, globalTimeoutMs: 3_600_000 },
    },
  ],
  [
    "redis by URL",
    { backend: "redis", connection: { url: "rediss://h:6379/1" } },
    { backend: "redis", url: "rediss://h:6379/1" },
  ],
  [
    "sqs",
    {
      backend: "sqs",
      queue_url: "https://sqs.eu-central-1.amazonaws.com/1/tasks",
      region: "eu-central-1",
      visibility_timeout: 120,
      max_batch_size: 10,
      long_polling_seconds: 20,
    },
    {
      ...{ backend: "sqs", queueUrl: "https://sqs.eu-central-1.amazonaws.com/1/tasks", region: "eu-central-1" },
      ...{ leaseMs: 120_000, messagesPerCall: 10, longPollingMs: 20_000 },
    },
  ],
  [
    "rabbitmq",
    {
      backend: "rabbitmq",
      connection: { host: "h", port: 5672, virtual_host: "/", username: "guest", password: "guest", ssl: true },
      queue_name: "tasks",
      durable: true,
      prefetch_count: 20,
      max_batch_size: 50,
    },
    {
      ...{ backend: "rabbitmq", host: "h", port: 5672, virtualHost: "/", username: "guest", password: "guest" },
      ...{ tls: true, queueName: "tasks", durable: true, prefetchCount: 20, maxBatchSize: 50 },
    },
  ],
  [
    "kafka",
    {
      backend: "kafka",
      bootstrap_servers: "a:9092, b:9092",
      topic: "tasks",
      consumer_group: "workers",
      max_batch_size: 500,
      initial_batch_size: 50,
      enable_auto_commit: false,
      session_timeout_ms: 30_000,
    },
    {
      ...{ backend: "kafka", bootstrapServers: ["a:9092", "b:9092"], topic: "tasks", consumerGroup: "workers" },
      ...{ recordsPerFetch: 500, initialBatchSize: 50, enableAutoCommit: false, sessionTimeoutMs: 30_000 },
    },
  ],
];

describe.each(files)("a file for %s", (_, file, options) => {
  test("loads as it is, with nothing to warn of", () => {
    expect(givenValues(loaded(file))).toEqual(options);
    expect(warningsOf(file)).toEqual([]);
  });

  test("loads with every key under connection, and with every key at the top level", () => {
    const { connection = {}, ...rest } = file as { connection?: object };
    expect(givenValues(loaded({ connection: { ...rest, ...connection } }))).toEqual(options);
    expect(givenValues(loaded({ ...rest, ...connection }))).toEqual(options);
  });
});

const on = (backend: string, more: object) => ({ backend, ...more });

test.each<[string, object, string]>([
  ["messages in a call", on("sqs", { max_batch_size: 11 }), "max_batch_size: 11 is not a whole number from 1 to 10"],
  [
    "tasks in a pack",
    on("redis", { max_batch_size: 1_001 }),
    "max_batch_size: 1001 is not a whole number from 1 to 1000",
  ],
  [
    "records in a fetch",
    on("kafka", { max_batch_size: 0 }),
    "max_batch_size: 0 is not a whole number from 1 to 1000000",
  ],
  [
    "a poll that does not wait",
    on("sqs", { long_polling_seconds: 0 }),
    "long_polling_seconds: 0 is not seconds from 1 to 20",
  ],
  [
    "the same in ms",
    on("sqs", { longPollingMs: 500 }),
    "longPollingMs: 500 is not whole milliseconds from 1000 to 20000",
  ],
  ["seconds", on("redis", { lease_seconds: "30" }), 'lease_seconds: "30" is not seconds from 0.1 to 43200'],
  ["a lease of ms", on("redis", { lease_seconds: 60_000 }), "lease_seconds: 60000 is not seconds from 0.1 to 43200"],
  [
    "a fraction",
    on("redis", { max_requeue_attempts: 1.5 }),
    "max_requeue_attempts: 1.5 is not a whole number from 0 to 254",
  ],
  ["a word", on("redis", { adaptive_batching: "yes" }), 'adaptive_batching: "yes" is not true or false'],
  [
    "a transient queue",
    on("rabbitmq", { connection: { durable: false } }),
    "connection.durable: false loses every task when the broker restarts; where that is meant, set allow_transient to true beside it",
  ],
  [
    "auto commit",
    on("kafka", { enable_auto_commit: true }),
    "enable_auto_commit: can only be false: offsets that commit themselves lose the tasks of a worker that crashes",
  ],
  [
    "a key of another backend",
    on("redis", { queue_url: "https://x" }),
    "queue_url: this is a key of sqs, and the backend is redis",
  ],
  [
    "two names with two values",
    on("redis", { lease_seconds: 30, leaseMs: 20_000 }),
    "leaseMs: lease_seconds says something else for leaseMs; keep one of the two",
  ],
  [
    "two places with two values",
    on("redis", { host: "a", connection: { host: "b" } }),
    "connection.host: host says something else for host; keep one of the two",
  ],
  [
    "a requeue and attempts that differ",
    on("redis", { max_requeue_attempts: 4, maxAttempts: 4 }),
    "maxAttempts: max_requeue_attempts says something else for maxAttempts; keep one of the two",
  ],
])("%s is refused", (_, file, problem) => {
  expect(problemsOf(file)).toEqual([problem]);
});

test.each<[string, object, object, string[]]>([
  [
    "visibility_timeout wins over lease_seconds",
    on("sqs", { lease_seconds: 30, visibility_timeout: 60 }),
    { leaseMs: 60_000 },
    ["lease_seconds: has no effect: visibility_timeout wins"],
  ],
  [
    "a transient queue with leave",
    on("rabbitmq", { durable: false, allow_transient: true }),
    { durable: false, allowTransient: true },
    [],
  ],
  ["the same twice", on("redis", { lease_seconds: 30, leaseMs: 30_000 }), { leaseMs: 30_000 }, []],
  [
    "requeues and the same attempts",
    on("redis", { max_requeue_attempts: 4, maxAttempts: 5 }),
    { maxAttempts: 5, maxLost: 4 },
    [],
  ],
  [
    "a heartbeat above the lease",
    on("redis", { lease_seconds: 30, heartbeat_timeout: 31 }),
    { leaseMs: 30_000, heartbeatTimeoutMs: 31_000 },
    [
      "heartbeat_timeout: 31000 ms is above the lease of 30000 ms: the tasks of a silent worker are given to others before it counts as gone",
    ],
  ],
  [
    "a heartbeat above the default lease",
    on("redis", { heartbeat_timeout: 60.001 }),
    { heartbeatTimeoutMs: 60_001 },
    [
      "heartbeat_timeout: 60001 ms is above the lease of 60000 ms: the tasks of a silent worker are given to others before it counts as gone",
    ],
  ],
  ["a heartbeat of the lease", on("redis", { heartbeat_timeout: 60 }), { heartbeatTimeoutMs: 60_000 }, []],
  [
    "packs that begin too large",
    on("kafka", { initial_batch_size: 500 }),
    { initialBatchSize: 100 },
    ["initial_batch_size: 500 is above the most tasks in a pack, which is 100: packs begin with 100"],
  ],
  [
    "packs",
    on("redis", { adaptive_batching: true, max_batch_size: 50, targetPackMs: 20 }),
    { packs: true, targetPackMs: 20, maxBatchSize: 50 },
    [],
  ],
  [
    "packs that are off",
    on("redis", { adaptive_batching: false, max_batch_size: 50 }),
    { packs: false, maxBatchSize: 50 },
    [],
  ],
  [
    "no requeue, which leaves no packs",
    on("redis", { max_requeue_attempts: 0 }),
    { packs: false, maxAttempts: 1, maxLost: 0 },
    [],
  ],
  [
    "no requeue, and packs all the same",
    on("redis", { max_requeue_attempts: 0, adaptive_batching: true }),
    { packs: false, maxAttempts: 1, maxLost: 0 },
    ["adaptive_batching: packs are off, since with maxLost 0 a worker takes each apart before anything of it runs"],
  ],
  [
    "no requeue, and no packs",
    on("redis", { max_requeue_attempts: 0, packs: false }),
    { packs: false, maxAttempts: 1, maxLost: 0 },
    [],
  ],
])("%s loads", (_, file, options, warnings) => {
  const { backend: __, ...given } = givenValues(loaded(file));
  expect(given).toEqual(options);
  expect(warningsOf(file)).toEqual(warnings);
});
