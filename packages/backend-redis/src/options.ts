import type { ConnectionOptions } from "node:tls";
import type { RedisOptions as IoredisOptions } from "ioredis";
import type { Client } from "./client.ts";

export interface RedisBackendOptions {
  /** The prefix of all keys; default `dispatch`. */
  readonly namespace?: string | undefined;
  /** A client whose settings are taken over, Redis or Cluster. It is only copied: connections of the backend's own are made like it. */
  readonly client?: Client | undefined;
  /** `redis://` or `rediss://`, with user, password and number of the database; several with commas: a cluster. Default `redis://127.0.0.1:6379`. */
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly db?: number | undefined;
  /** `true`, or Node's own options of TLS: certificates, say. */
  readonly tls?: boolean | ConnectionOptions | undefined;
  /** Is the server a node of a cluster? Default: only where the URL names several. */
  readonly cluster?: boolean | undefined;
  /** Whatever else ioredis takes: `sentinels` and `name`, `family`, `keyPrefix` … */
  readonly connection?: IoredisOptions | undefined;
  /** For so many ms after its first send an id is refused, also when its task has ended; default 0: only while the task lives. */
  readonly dedupeWindowMs?: number | undefined;
  /** Refuse to open (`MISMATCH`) where the server may evict tasks, or keeps nothing on disk? Default `false`: a warning of the process. */
  readonly strict?: boolean | undefined;
  /** Every write waits until so many replicas have it; default 0. */
  readonly waitReplicas?: number | undefined;
  /** Every write waits until it is on the disk of the server, and of as many replicas as `waitReplicas` says (Redis 7.2); default `false`. */
  readonly waitAof?: boolean | undefined;
}

export const redisDefaults = Object.freeze({
  namespace: "dispatch",
  dedupeWindowMs: 0,
  strict: false,
  waitReplicas: 0,
  waitAof: false,
});
