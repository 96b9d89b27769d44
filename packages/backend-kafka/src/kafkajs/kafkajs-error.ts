import type { CallCode, ErrorClass } from "@org/dispatch-core/contract";
import { KafkaRefusal } from "../kafka-error.ts";
import type { Meaning } from "../port.ts";

/** Names of Kafka's error codes, as kafkajs gives them in `type` (https://kafka.apache.org/protocol#protocol_error_codes), and names of its own errors. */
const CODES: Readonly<Record<string, CallCode>> = {
  ...all("UNAVAILABLE", [
    "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_FOR_PARTITION",
    "BROKER_NOT_AVAILABLE",
    "REPLICA_NOT_AVAILABLE",
  ]),
  ...all("UNAVAILABLE", [
    "NETWORK_EXCEPTION",
    "GROUP_LOAD_IN_PROGRESS",
    "GROUP_COORDINATOR_NOT_AVAILABLE",
    "NOT_COORDINATOR_FOR_GROUP",
  ]),
  ...all("UNAVAILABLE", [
    "NOT_ENOUGH_REPLICAS",
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    "NOT_CONTROLLER",
    "KAFKA_STORAGE_ERROR",
  ]),
  ...all("UNAVAILABLE", [
    "FENCED_LEADER_EPOCH",
    "UNKNOWN_LEADER_EPOCH",
    "OFFSET_NOT_AVAILABLE",
    "UNSTABLE_OFFSET_COMMIT",
  ]),
  ...all("UNAVAILABLE", [
    "REBALANCE_IN_PROGRESS",
    "UNKNOWN_MEMBER_ID",
    "ILLEGAL_GENERATION",
    "OPERATION_NOT_ATTEMPTED",
  ]),
  ...all("UNAVAILABLE", [
    "KafkaJSConnectionError",
    "KafkaJSConnectionClosedError",
    "KafkaJSBrokerNotFound",
    "KafkaJSMetadataNotLoaded",
  ]),
  ...all("UNAVAILABLE", [
    "KafkaJSGroupCoordinatorNotFound",
    "KafkaJSNoBrokerAvailableError",
    "KafkaJSTopicMetadataNotLoaded",
  ]),
  ...all("TIMED_OUT", [
    "REQUEST_TIMED_OUT",
    "KafkaJSRequestTimeoutError",
    "KafkaJSTimeout",
    "KafkaJSLockTimeout",
    "AbortError",
    "TimeoutError",
  ]),
  ...all("THROTTLED", ["THROTTLING_QUOTA_EXCEEDED"]),
  ...all("DENIED", [
    "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
    "SECURITY_DISABLED",
  ]),
  ...all("DENIED", [
    "SASL_AUTHENTICATION_FAILED",
    "UNSUPPORTED_SASL_MECHANISM",
    "ILLEGAL_SASL_STATE",
    "KafkaJSSASLAuthenticationError",
  ]),
  ...all("MISSING", ["UNKNOWN_TOPIC_OR_PARTITION"]),
  ...all("TOO_LARGE", ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_COMMIT_OFFSET_SIZE"]),
  ...all("MISMATCH", [
    "INVALID_TOPIC_EXCEPTION",
    "INCONSISTENT_GROUP_PROTOCOL",
    "INVALID_GROUP_ID",
    "INVALID_SESSION_TIMEOUT",
  ]),
  ...all("MISMATCH", [
    "UNSUPPORTED_VERSION",
    "INVALID_PARTITIONS",
    "INVALID_REPLICATION_FACTOR",
    "INVALID_REPLICA_ASSIGNMENT",
    "INVALID_CONFIG",
  ]),
  ...all("MISMATCH", [
    "INVALID_REQUEST",
    "POLICY_VIOLATION",
    "UNSUPPORTED_COMPRESSION_TYPE",
    "GROUP_MAX_SIZE_REACHED",
    "INVALID_TIMESTAMP",
  ]),
  ...all("MISMATCH", [
    "OFFSET_METADATA_TOO_LARGE",
    "INVALID_RECORD",
    "CORRUPT_MESSAGE",
    "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    "KafkaJSNotImplemented",
  ]),
  ...all("MISMATCH", ["KafkaJSServerDoesNotSupportApiKey"]),
};

/** Errors of Node itself, by `code`. */
const NODE_TIMEOUT = /^(?:ETIMEDOUT|ESOCKETTIMEDOUT)$/;
const NODE_TRUST = /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

const MEANINGS: Readonly<Record<string, Meaning>> = {
  UNKNOWN_MEMBER_ID: "evicted",
  ILLEGAL_GENERATION: "evicted",
  FENCED_INSTANCE_ID: "evicted",
  REBALANCE_IN_PROGRESS: "rebalancing",
  OFFSET_OUT_OF_RANGE: "out-of-range",
};

/** An error and what it was made of: kafkajs wraps what it has tried again, as often as it was told to. */
const MOST_CAUSES = 5;

/** Pure, and total: what it has never seen is taken as an outage, so that core tries again within its deadline. */
export function classifyKafkajs(error: unknown): ErrorClass {
  try {
    if (error instanceof KafkaRefusal) return { code: error.code, detail: error.message, missing: error.missing };
    const [first] = causesOf(error);
    const detail = String(fieldOf(first, "message") ?? "");
    for (const cause of causesOf(error)) {
      const code = codeOf(cause);
      if (code !== undefined) return { code, detail: detailOf(cause, detail) };
    }
    return { code: "UNAVAILABLE", detail };
  } catch {
    return { code: "UNAVAILABLE" };
  }
}

export function meaningOf(error: unknown): Meaning {
  for (const cause of causesOf(error)) {
    const meaning = MEANINGS[String(fieldOf(cause, "type") ?? "")];
    if (meaning !== undefined) return meaning;
  }
  return "none";
}

/** Does it say that a topic is there already? */
export function isThere(error: unknown): boolean {
  return fieldOf(error, "type") === "TOPIC_ALREADY_EXISTS";
}

/** What the broker has refused, one by one where it says so. */
export function refusalsOf(error: unknown): readonly unknown[] {
  return (fieldOf(error, "errors") as readonly unknown[] | undefined) ?? [error];
}

function codeOf(error: unknown): CallCode | undefined {
  const node = String(fieldOf(error, "code") ?? "");
  // The client has one name for all that goes wrong with a connection.
  if (NODE_TRUST.test(node) || /certificate|SSL alert|self.signed/i.test(String(fieldOf(error, "message") ?? "")))
    return "DENIED";
  if (NODE_TIMEOUT.test(node)) return "TIMED_OUT";
  return CODES[String(fieldOf(error, "type") ?? "")] ?? CODES[String(fieldOf(error, "name") ?? "")];
}

function detailOf(cause: unknown, said: string): string {
  const type = fieldOf(cause, "type");
  return typeof type === "string" && !said.includes(type) ? `${type}: ${said}` : said;
}

function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let next = error; causes.length < MOST_CAUSES && typeof next === "object" && next !== null; ) {
    causes.push(next);
    const [first] = (fieldOf(next, "errors") as readonly unknown[] | undefined) ?? [];
    next = first ?? fieldOf(next, "cause");
  }
  return causes;
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function all(code: CallCode, names: readonly string[]): Record<string, CallCode> {
  return Object.fromEntries(names.map((name) => [name, code]));
}
