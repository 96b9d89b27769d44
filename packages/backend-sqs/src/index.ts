import { SqsBackend } from "./backend.ts";
import type { SqsBackendOptions } from "./options.ts";

export { SqsBackend } from "./backend.ts";
export { type SqsBackendOptions, sqsDefaults } from "./options.ts";
export { SqsRefusal } from "./sqs-error.ts";

/** A backend on Amazon SQS, or on a server that speaks its protocol. Connects at the first `open`. Throws `CONFIG_INVALID` for wrong options. */
export function sqs(options: SqsBackendOptions = {}): SqsBackend {
  return new SqsBackend(options);
}

/** What the `dispatch` command and configuration files give: no clients. */
export type CommandOptions = Omit<SqsBackendOptions, "client" | "pollClient" | "credentials" | "connection">;

/** For the `dispatch` command. Throws `CONFIG_INVALID`. */
export function fromOptions(options: CommandOptions): SqsBackend {
  return sqs(options);
}
