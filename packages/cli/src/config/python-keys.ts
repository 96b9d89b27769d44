import { seconds, type Value, whole } from "./kinds.ts";
import type { AdapterName, PythonKey } from "./option-key.ts";
import { optionKey } from "./option-keys.ts";

const MAX_LEASE_MS = 12 * 3_600_000;
const asItIs = (value: Value) => value;

/**
 * The keys of the Python dispatcher that this one replaces, where they are spelled differently from the option: its files load as they are. One name may
 * mean different things on different backends.
 */
export const pythonKeys: readonly PythonKey[] = [
  { key: "lease_seconds", kind: seconds(100, MAX_LEASE_MS), about: "seconds", to: { leaseMs: asItIs } },
  { key: "heartbeat_timeout", kind: seconds(1), about: "seconds", to: { heartbeatTimeoutMs: asItIs } },
  { key: "global_timeout", kind: seconds(1), about: "seconds", to: { globalTimeoutMs: asItIs } },
  {
    key: "max_requeue_attempts",
    kind: whole(0, 254),
    about: "attempts after the first: `maxAttempts` is one more, `maxLost` the same",
    to: { maxAttempts: (requeues) => Number(requeues) + 1, maxLost: asItIs },
  },
  same("adaptive_batching", "packs"),
  same("initial_batch_size", "initialBatchSize"),
  { ...same("max_batch_size", "maxBatchSize", ["memory", "redis", "rabbitmq"]), about: "tasks in a pack" },
  { ...same("max_batch_size", "messagesPerCall"), about: "messages in a call" },
  { ...same("max_batch_size", "recordsPerFetch"), about: "records in a fetch" },
  same("ssl", "tls"),
  same("virtual_host", "virtualHost"),
  same("queue_name", "queueName"),
  same("allow_transient", "allowTransient"),
  same("prefetch_count", "prefetchCount"),
  same("queue_url", "queueUrl"),
  {
    key: "visibility_timeout",
    kind: seconds(100, MAX_LEASE_MS),
    about: "seconds; wins over `lease_seconds`, with a warning",
    backends: ["sqs"],
    to: { leaseMs: asItIs },
  },
  { ...same("long_polling_seconds", "longPollingMs"), kind: seconds(1_000, 20_000), about: "seconds" },
  same("bootstrap_servers", "bootstrapServers"),
  same("consumer_group", "consumerGroup"),
  same("session_timeout_ms", "sessionTimeoutMs"),
  same("enable_auto_commit", "enableAutoCommit"),
];

/** The option under another spelling. */
function same(key: string, option: string, backends?: readonly AdapterName[]): PythonKey {
  const { kind, backends: own } = optionKey(option);
  const narrowed = backends ?? own;
  return { key, kind, about: "", to: { [option]: asItIs }, ...(narrowed && { backends: narrowed }) };
}
