import type { ConnectionOptions } from "node:tls";
import { DispatchError } from "@org/dispatch-core";
import { checkKind, checkKnown, checkName, checkWhole } from "@org/dispatch-core/adapter-kit";
import type { RedisOptions as IoredisOptions } from "ioredis";
import { addressOf } from "./address.ts";
import { type Client, clientsLike, clusterClients, type MakeClient, redisClients } from "./client.ts";
import { type Durability, durabilityOf } from "./durability.ts";

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

export interface Settings {
  readonly namespace: string;
  readonly make: MakeClient;
  readonly dedupeWindowMs: number;
  readonly strict: boolean;
  readonly durability: Durability | undefined;
}

export const redisDefaults = Object.freeze({
  namespace: "dispatch",
  dedupeWindowMs: 0,
  strict: false,
  waitReplicas: 0,
  waitAof: false,
});

const ADDRESS = ["url", "host", "port", "username", "password", "db", "tls", "cluster", "connection"] as const;
const KNOWN = ["client", ...Object.keys(redisDefaults), ...ADDRESS];

/** Throws `CONFIG_INVALID` for a wrong value, for two that contradict each other, and for a key that it does not know. */
export function resolveOptions(options: RedisBackendOptions): Settings {
  checkKnown("redis", options, KNOWN);
  const { client, strict, waitReplicas = 0, waitAof = false } = { ...redisDefaults, ...given(options) };
  if (client !== undefined) {
    const second = ADDRESS.find((key) => options[key] !== undefined);
    if (second !== undefined) throw invalid(`${second}: the client says this already; keep one of the two`);
  }
  checkKind("strict", strict, "boolean");
  checkKind("waitAof", waitAof, "boolean");
  return {
    namespace: checkName("namespace", options.namespace ?? redisDefaults.namespace),
    make: client === undefined ? clientsAt(options) : clientsLike(client),
    dedupeWindowMs: checkWhole("dedupeWindowMs", options.dedupeWindowMs ?? 0, 0, 2 ** 41),
    strict: strict === true,
    durability: durabilityOf(checkWhole("waitReplicas", waitReplicas, 0, 100), waitAof),
  };
}

function clientsAt(options: RedisBackendOptions): MakeClient {
  const { nodes, options: found } = addressOf(options);
  return nodes === undefined ? redisClients(found) : clusterClients(nodes, found);
}

function given(options: RedisBackendOptions): Partial<RedisBackendOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", `redis: ${message}`);
}
