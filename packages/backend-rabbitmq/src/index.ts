import { RabbitBackend } from "./backend.ts";
import type { RabbitBackendOptions } from "./options.ts";

export { RabbitBackend } from "./backend.ts";
export { type RabbitBackendOptions, rabbitDefaults } from "./options.ts";
export type { PriorityStrategy } from "./profile.ts";
export { RabbitRefusal } from "./rabbit-error.ts";

/** A backend on RabbitMQ 3.10 or later. Connects at the first `open`. Throws `CONFIG_INVALID` for wrong options. */
export function rabbitmq(options: RabbitBackendOptions = {}): RabbitBackend {
  return new RabbitBackend(options);
}

/** What the `dispatch` command and configuration files give: no clients and no functions. */
export type CommandOptions = Omit<RabbitBackendOptions, "connect" | "connection" | "tls"> & { readonly tls?: boolean };

/** For the `dispatch` command. Throws `CONFIG_INVALID`. */
export function fromOptions(options: CommandOptions): RabbitBackend {
  return rabbitmq(options);
}
