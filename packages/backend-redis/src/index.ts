import { RedisBackend } from "./backend.ts";
import type { RedisBackendOptions } from "./options.ts";

export type { AuditReport } from "./audit.ts";
export { RedisBackend } from "./backend.ts";
export type { Client } from "./client.ts";
export { type RedisBackendOptions, redisDefaults } from "./options.ts";
export { RedisRefusal } from "./redis-error.ts";

/** A backend on Redis or Valkey. Connects at the first `open`. Throws `CONFIG_INVALID` for wrong options. */
export function redis(options: RedisBackendOptions = {}): RedisBackend {
  return new RedisBackend(options);
}

/** What the `dispatch` command and configuration files give: no clients and no functions. */
export type CommandOptions = Omit<RedisBackendOptions, "client" | "connection" | "tls"> & {
  readonly tls?: boolean;
  /** The user's queue; core names it with each verb. */
  readonly queue?: string;
};

/** For the `dispatch` command. Throws `CONFIG_INVALID`. */
export function fromOptions({ queue: _, ...options }: CommandOptions): RedisBackend {
  return redis(options);
}
