import { defaults } from "@org/dispatch-core";
import { MOST_TASKS } from "@org/dispatch-core/contract";
import { memoryDefaults } from "@org/dispatch-core/memory";
import {
  anyText,
  compression,
  flag,
  listenAddress,
  milliseconds,
  name,
  oneOf,
  text,
  texts,
  textsByName,
  whole,
} from "./kinds.ts";
import type { AdapterName, OptionKey, Part } from "./option-key.ts";

const MAX_LEASE_MS = 12 * 3_600_000;
const MANY = Number.MAX_SAFE_INTEGER;

/** Every option of the command and of the API that a file can hold: the one table behind the loading, the JSON Schema and docs/configuration.md. */
export const optionKeys: readonly OptionKey[] = [
  ...part("command", [
    {
      key: "backend",
      kind: text,
      about:
        "Where tasks are: `memory`, `redis`, `sqs`, `rabbitmq`, `kafka`, a URL, or `memory:NAME`, which is memory with the facts of that broker",
      default: "memory",
      flag: "--backend",
    },
    {
      key: "namespace",
      kind: name,
      about: "What names on the broker begin with",
      default: memoryDefaults.namespace,
      flag: "--namespace",
    },
    { key: "queue", kind: name, about: "The queue", default: defaults.queue, flag: "--queue" },
    {
      key: "create",
      kind: flag,
      about: "May missing queues and topics be made? Those of one process always may",
      default: false,
      flag: "--create",
    },
    {
      key: "log",
      kind: oneOf("text", "json", "off"),
      about: "What is said on standard error while a command runs",
      default: "text",
      flag: "--log",
    },
    {
      key: "http",
      kind: listenAddress,
      about: "Where `worker` and `run` serve metrics, health and a scale signal; needs `@org/dispatch-metrics`",
      otherwise: "nowhere",
      flag: "--http",
    },
    {
      key: "isolation",
      kind: oneOf("inline", "thread", "process"),
      about: "Where handlers run; `thread` and `process` need a package",
      default: "inline",
      flag: "--isolation",
    },
  ]),
  ...part("tasks", [
    {
      key: "leaseMs",
      kind: milliseconds(100, MAX_LEASE_MS),
      about: "How long a task is held without a sign of life",
      default: defaults.leaseMs,
      flag: "--lease",
    },
    {
      key: "heartbeatTimeoutMs",
      kind: milliseconds(1),
      about: "After so long without a beat a worker counts as gone",
      otherwise: "leaseMs / 2",
    },
    {
      key: "coordinator",
      kind: name,
      about: "The id that results come back to; one process at a time may have it",
      otherwise: "random",
      flag: "--coordinator",
    },
    {
      key: "resendAfterMs",
      kind: milliseconds(1),
      about: "After so long without a trace a task is sent again",
      otherwise: "leaseMs × 3",
    },
    {
      key: "maxResends",
      kind: whole(0, 254),
      about: "How often a task without a trace is sent again before it is dead",
      default: defaults.maxResends,
    },
  ]),
  ...part("worker", [
    { key: "id", kind: name, about: "The worker's id; no two workers may have the same", otherwise: "random" },
    {
      key: "concurrency",
      kind: whole(1, 100_000),
      about: "Tasks at a time",
      default: defaults.concurrency,
      flag: "--concurrency",
    },
    {
      key: "timeoutMs",
      kind: milliseconds(1),
      about: "The longest that one attempt may take",
      default: defaults.timeoutMs,
      flag: "--timeout",
    },
    {
      key: "maxAttempts",
      kind: whole(1, 65_535),
      about: "Attempts before a task is dead",
      default: defaults.maxAttempts,
      flag: "--max-attempts",
    },
    { key: "maxLost", kind: whole(0, 254), about: "Lost holders before a task is dead", default: defaults.maxLost },
    {
      key: "backoff.baseMs",
      kind: milliseconds(1),
      about: "The longest pause before the second attempt; it doubles for each further one",
      default: defaults.backoff.baseMs,
    },
    { key: "backoff.maxMs", kind: milliseconds(1), about: "Where that doubling ends", default: defaults.backoff.maxMs },
    { key: "drainMs", kind: milliseconds(0), about: "How long a stop lets handlers finish", default: defaults.drainMs },
    {
      key: "abandonMs",
      kind: milliseconds(0),
      about: "How long an aborted handler keeps its slot",
      default: defaults.abandonMs,
    },
  ]),
  ...part("run", [
    { key: "priority", kind: whole(0, 10), about: "10 is highest", default: defaults.priority, flag: "--priority" },
    { key: "delayMs", kind: milliseconds(0), about: "Not before so long from now", default: 0, flag: "--delay" },
    { key: "deadlineMs", kind: milliseconds(0), about: "Not worth doing after so long", otherwise: "none" },
    {
      key: "globalTimeoutMs",
      kind: milliseconds(1),
      about: "The longest that a run may take",
      otherwise: "none",
      flag: "--global-timeout",
    },
    { key: "headers", kind: textsByName, about: "Texts that every task of a run carries", otherwise: "none" },
    {
      key: "maxInFlight",
      kind: whole(1, 1_000_000),
      about: "Tasks sent and not back at a time",
      default: defaults.maxInFlight,
      flag: "--max-in-flight",
    },
    {
      key: "maxInFlightBytes",
      kind: whole(1, MANY),
      about: "Bytes of their frames",
      default: defaults.maxInFlightBytes,
    },
    { key: "ordered", kind: flag, about: "Results in the order of the inputs", default: false, flag: "--ordered" },
  ]),
  ...part("packs", [
    {
      key: "packs",
      kind: flag,
      about:
        "May the tasks of a run travel several to a message of the broker? How many follows from how long they take",
      default: defaults.packs,
      flag: "--pack",
    },
    {
      key: "targetPackMs",
      kind: milliseconds(1),
      about: "How much work a pack should hold",
      default: defaults.targetPackMs,
    },
    {
      key: "initialBatchSize",
      kind: whole(1, MOST_TASKS),
      about: "Tasks in the first packs, until it is known how long they take",
      default: defaults.initialBatchSize,
    },
    {
      key: "maxBatchSize",
      kind: whole(1, MOST_TASKS),
      about: "The most tasks in a pack",
      default: defaults.maxBatchSize,
    },
    {
      key: "compress",
      kind: compression,
      about: "How what is large is compressed",
      otherwise: "gzip; off within one process",
    },
    {
      key: "compressAboveBytes",
      kind: whole(0, MANY),
      about: "What counts as large for that",
      default: defaults.compressAboveBytes,
    },
    {
      key: "blobs",
      kind: text,
      about:
        "A folder that all processes share (relative to where the command runs), for payloads and results that are too large for the broker",
      otherwise: "none",
    },
    {
      key: "blobExpiryMs",
      kind: milliseconds(1_000),
      about: "How long what lies there is kept where nobody removes it, beyond its task's delay",
      default: defaults.blobExpiryMs,
    },
  ]),
  ...part("memory", [
    {
      key: "maxTasks",
      kind: whole(1, MANY),
      about: "Tasks that the memory backend holds at most",
      default: memoryDefaults.maxTasks,
      backends: ["memory"],
    },
    {
      key: "maxBytes",
      kind: whole(1, MANY),
      about: "Bytes of their frames",
      default: memoryDefaults.maxBytes,
      backends: ["memory"],
    },
  ]),
  ...part("connection", [
    {
      ...on("redis", "sqs", "rabbitmq", "kafka"),
      key: "url",
      kind: text,
      about: "Where the broker is, as a URL; the other keys win over its parts",
      address: true,
    },
    { ...on("redis", "rabbitmq"), key: "host", kind: text, about: "Where the broker is", address: true },
    { ...on("redis", "rabbitmq"), key: "port", kind: whole(1, 65_535), about: "Its port", address: true },
    { ...on("redis", "rabbitmq"), key: "username", kind: anyText, about: "The user", address: true },
    {
      ...on("redis", "rabbitmq"),
      key: "password",
      kind: anyText,
      about: "The user's password",
      address: true,
      secret: true,
    },
    { ...on("redis"), key: "db", kind: whole(0, 65_535), about: "The number of the database", address: true },
    { ...on("redis", "rabbitmq"), key: "tls", kind: flag, about: "Speak TLS", address: true },
    { ...on("rabbitmq"), key: "virtualHost", kind: text, about: "The virtual host", address: true },
    { ...on("rabbitmq"), key: "queueName", kind: text, about: "The name of the work queue's middle lane" },
    { ...on("rabbitmq"), key: "durable", kind: flag, about: "Do queues and messages outlive a restart of the broker?" },
    { ...on("rabbitmq"), key: "allowTransient", kind: flag, about: "Leave for `durable: false`" },
    {
      ...on("rabbitmq"),
      key: "prefetchCount",
      kind: whole(1, 65_535),
      about: "The most messages that the broker hands out ahead",
    },
    { ...on("sqs"), key: "queueUrl", kind: text, about: "The URL of the work queue's middle lane", address: true },
    { ...on("sqs"), key: "fifo", kind: flag, about: "Are the lanes FIFO queues? By default as `queueUrl` says" },
    { ...on("sqs"), key: "region", kind: text, about: "The region", address: true },
    { ...on("sqs"), key: "messagesPerCall", kind: whole(1, 10), about: "The most messages in a call" },
    {
      ...on("sqs"),
      key: "longPollingMs",
      kind: milliseconds(1_000, 20_000),
      about: "How long a call waits for messages, in whole seconds",
    },
    {
      ...on("kafka"),
      key: "bootstrapServers",
      kind: texts,
      about: "Brokers to ask for the others, each `host:port`",
      address: true,
    },
    { ...on("kafka"), key: "topic", kind: text, about: "The topic of the work queue's middle lane" },
    { ...on("kafka"), key: "consumerGroup", kind: text, about: "The group of the workers" },
    { ...on("kafka"), key: "recordsPerFetch", kind: whole(1, 1_000_000), about: "The most records in a fetch" },
    {
      ...on("kafka"),
      key: "sessionTimeoutMs",
      kind: milliseconds(1, 3_600_000),
      about: "After so long without a heartbeat the group goes on without a member",
    },
    {
      ...on("kafka"),
      key: "enableAutoCommit",
      kind: flag,
      about: "Only `false`: the dispatcher commits what is done itself",
    },
  ]),
];

const byKey: ReadonlyMap<string, OptionKey> = new Map(optionKeys.map((each) => [each.key, each]));

/** The option of a name. Throws for one that is not in the table: a defect of ours. */
export function optionKey(key: string): OptionKey {
  const found = byKey.get(key);
  if (found === undefined) throw new RangeError(`no option has the name ${key}`);
  return found;
}

/** The groups: the names before a dot. */
export const groupNames: ReadonlySet<string> = new Set(optionKeys.flatMap(({ key }) => key.split(".").slice(0, -1)));

function part(part: Part, keys: readonly Omit<OptionKey, "part">[]): readonly OptionKey[] {
  return keys.map((each) => ({ ...each, part }));
}

function on(...backends: readonly AdapterName[]) {
  return { backends, otherwise: "the adapter's" };
}
