import { Cluster, type ClusterNode, type ClusterOptions, Redis, type RedisOptions } from "ioredis";

/** Any client of ioredis. */
export type Client = Redis | Cluster;

/** Makes a client that is not connected yet; each call another one. */
export type MakeClient = () => Client;

/**
 * What must be so, whatever a user's own client does. A command whose connection is lost fails at once and is never sent a second time by the client,
 * because nobody could tell whether it was done (ioredis' `autoResendUnfulfilledCommands`); and nothing piles up in memory while the server is away.
 */
const ours = {
  lazyConnect: true,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
} as const;

const ourRedis = {
  autoResendUnfulfilledCommands: false,
  // ioredis settles what was in flight only by this count: 0 is at the first loss of the connection.
  maxRetriesPerRequest: 0,
  // ioredis 6: the shapes that version 5 gives.
  replyMapping: "legacy",
  stringNumbers: false,
  // Each call has its own time, and a blocking pop longer than most.
  commandTimeout: undefined,
  // After a fail-over the old master says READONLY, and the way to the new one is a new connection.
  reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
} as const satisfies RedisOptions;

/** What is so unless a user says otherwise, in ms: a half-open socket is found within 5 s, as long as something is asked. */
const usually = {
  socketTimeout: 5_000,
  connectTimeout: 5_000,
  retryStrategy: (tries: number) => Math.min(2_000, 50 * 2 ** Math.min(tries, 10)),
} as const satisfies RedisOptions;

const usuallyCluster = {
  clusterRetryStrategy: (tries: number) => Math.min(2_000, 50 * 2 ** Math.min(tries, 10)),
  slotsRefreshTimeout: 2_000,
  slotsRefreshInterval: 5_000,
} as const satisfies ClusterOptions;

/** No second sending here either; a node that does not answer is found by the next MOVED, or by the refresh of the slots. */
const ourCluster = { ...ours, retryDelayOnFailover: 0 } as const satisfies ClusterOptions;

export function redisClients(options: RedisOptions): MakeClient {
  return () => new Redis({ ...usually, ...options, ...ourRedis, ...ours });
}

export function clusterClients(nodes: readonly ClusterNode[], options: RedisOptions): MakeClient {
  const { retryStrategy: _, ...usualRedis } = usually;
  return () =>
    new Cluster([...nodes], {
      ...usuallyCluster,
      redisOptions: { ...usualRedis, ...options, ...ourRedis },
      ...ourCluster,
    });
}

/** Clients with the settings of a user's own, which itself is left alone: it is neither used nor closed. */
export function clientsLike(client: Client): MakeClient {
  if (client instanceof Cluster || "nodes" in client) {
    const cluster = client as Cluster;
    const { socketTimeout = usually.socketTimeout } = cluster.options.redisOptions ?? {};
    const redisOptions = { ...cluster.options.redisOptions, ...ourRedis, socketTimeout };
    return () => cluster.duplicate([], { ...ourCluster, redisOptions });
  }
  const { socketTimeout = usually.socketTimeout } = client.options;
  const db = chosenDatabase(client);
  return () => client.duplicate({ ...ourRedis, ...ours, socketTimeout, db });
}

/** A database that was chosen by `select` is not in the options. */
function chosenDatabase(client: Redis): number {
  const { condition } = client as unknown as { readonly condition?: { readonly select?: number } | null };
  return condition?.select ?? client.options.db ?? 0;
}
