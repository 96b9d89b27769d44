import type { Attributes } from "@opentelemetry/api";

/**
 * What spans are called and what they say, by the semantic conventions of OpenTelemetry for messaging, which are not stable yet: pinned here, and nowhere
 * else. A test compares them with the package of that version. https://github.com/open-telemetry/semantic-conventions/blob/v1.45.0/docs/messaging
 */
export const CONVENTIONS_VERSION = "1.45.0";
export const SCHEMA_URL = `https://opentelemetry.io/schemas/${CONVENTIONS_VERSION}`;

/** Keys of attributes. */
export const key = Object.freeze({
  system: "messaging.system.name",
  operationName: "messaging.operation.name",
  operationType: "messaging.operation.type",
  destination: "messaging.destination.name",
  messageId: "messaging.message.id",
  batchCount: "messaging.batch.message_count",
  client: "messaging.client.id",
  errorType: "error.type",
});

/** What is not of the conventions is ours. */
export const own = Object.freeze({
  task: "dispatch.task",
  attempt: "dispatch.attempt",
  outcome: "dispatch.outcome",
});

/** Types of operations; a span is called by its operation and its queue. */
export const operations = Object.freeze({
  create: "create",
  send: "send",
  receive: "receive",
  process: "process",
  settle: "settle",
});
export type Operation = keyof typeof operations;

/** The systems that have a name of their own there; every other is called as its backend is. */
export const systems: Readonly<Record<string, string>> = Object.freeze({
  kafka: "kafka",
  rabbitmq: "rabbitmq",
  sqs: "aws.sqs",
});

/** A span's name. */
export function spanName(operation: Operation, queue: string): string {
  return `${operations[operation]} ${queue}`;
}

// What each kind of span says when it begins. Written out, since an object whose names are computed costs several times as much, and a traced task has four.

/** What is the same for all spans of an operation in a queue. */
export interface Place {
  /** As `systems` has it; absent: not known yet. */
  readonly system: string | undefined;
  readonly queue: string;
}

export function sendAttributes({ system, queue }: Place, taskId: string, task: string): Attributes {
  return {
    "messaging.system.name": system,
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": queue,
    "messaging.message.id": taskId,
    "dispatch.task": task,
  };
}

export function packAttributes({ system, queue }: Place, packId: string, tasks: number): Attributes {
  return {
    "messaging.system.name": system,
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": queue,
    "messaging.message.id": packId,
    "messaging.batch.message_count": tasks,
  };
}

export function receiveAttributes({ system, queue }: Place, tasks: number, workerId: string): Attributes {
  return {
    "messaging.system.name": system,
    "messaging.operation.name": "receive",
    "messaging.operation.type": "receive",
    "messaging.destination.name": queue,
    "messaging.batch.message_count": tasks,
    "messaging.client.id": workerId,
  };
}

/** An attempt at a worker. */
interface Attempted {
  readonly task: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly workerId: string;
}

export function processAttributes(
  { system, queue }: Place,
  { task, taskId, attempt, workerId }: Attempted,
): Attributes {
  return {
    "messaging.system.name": system,
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": queue,
    "messaging.message.id": taskId,
    "messaging.client.id": workerId,
    "dispatch.task": task,
    "dispatch.attempt": attempt,
  };
}

export function settleAttributes(
  { system, queue }: Place,
  { task, taskId, attempt, workerId }: Attempted,
  outcome: string,
): Attributes {
  return {
    "messaging.system.name": system,
    "messaging.operation.name": "settle",
    "messaging.operation.type": "settle",
    "messaging.destination.name": queue,
    "messaging.message.id": taskId,
    "messaging.client.id": workerId,
    "dispatch.task": task,
    "dispatch.attempt": attempt,
    "dispatch.outcome": outcome,
  };
}
