import type { Place } from "../port.ts";

/** Error codes that a broker may answer a fetch, a produce or a commit with (https://kafka.apache.org/protocol#protocol_error_codes). */
const TYPES: Readonly<Record<number, string>> = {
  1: "OFFSET_OUT_OF_RANGE",
  2: "CORRUPT_MESSAGE",
  3: "UNKNOWN_TOPIC_OR_PARTITION",
  5: "LEADER_NOT_AVAILABLE",
  6: "NOT_LEADER_FOR_PARTITION",
  7: "REQUEST_TIMED_OUT",
  9: "REPLICA_NOT_AVAILABLE",
  10: "MESSAGE_TOO_LARGE",
  12: "OFFSET_METADATA_TOO_LARGE",
  14: "GROUP_LOAD_IN_PROGRESS",
  15: "GROUP_COORDINATOR_NOT_AVAILABLE",
  16: "NOT_COORDINATOR_FOR_GROUP",
  17: "INVALID_TOPIC_EXCEPTION",
  18: "RECORD_LIST_TOO_LARGE",
  19: "NOT_ENOUGH_REPLICAS",
  20: "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  22: "ILLEGAL_GENERATION",
  24: "INVALID_GROUP_ID",
  25: "UNKNOWN_MEMBER_ID",
  27: "REBALANCE_IN_PROGRESS",
  28: "INVALID_COMMIT_OFFSET_SIZE",
  29: "TOPIC_AUTHORIZATION_FAILED",
  30: "GROUP_AUTHORIZATION_FAILED",
  31: "CLUSTER_AUTHORIZATION_FAILED",
  32: "INVALID_TIMESTAMP",
  44: "POLICY_VIOLATION",
  56: "KAFKA_STORAGE_ERROR",
  74: "FENCED_LEADER_EPOCH",
  75: "UNKNOWN_LEADER_EPOCH",
  76: "UNSUPPORTED_COMPRESSION_TYPE",
  78: "OFFSET_NOT_AVAILABLE",
  87: "INVALID_RECORD",
  89: "THROTTLING_QUOTA_EXCEEDED",
};

/** A broker has refused what it was asked. */
export class ResponseError extends Error {
  override readonly name = "ResponseError";
  /** As kafkajs calls it. */
  readonly type: string;

  /** `place`: of what. */
  constructor(code: number, place?: Place) {
    const type = TYPES[code] ?? `code ${code}`;
    super(place === undefined ? type : `partition ${place.partition} of the topic ${place.topic}: ${type}`);
    this.type = type;
  }
}
