import { DispatchError } from "@org/dispatch-core";
import { checkKind, checkKnown, checkName, checkWhole } from "@org/dispatch-core/adapter-kit";
import { addressOf } from "./address.ts";
import { clientsLike, clusterClients, type MakeClient, redisClients } from "./client.ts";
import { type Durability, durabilityOf } from "./durability.ts";
import { type RedisBackendOptions, redisDefaults } from "./options.ts";

export interface Settings {
  readonly namespace: string;
  readonly make: MakeClient;
  readonly dedupeWindowMs: number;
  readonly strict: boolean;
  readonly durability: Durability | undefined;
}

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
