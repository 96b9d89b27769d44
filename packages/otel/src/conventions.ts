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
