import { DispatchError } from "@org/dispatch-core";
import { Cluster, Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis-5";
import { expect, it } from "vitest";
import { addressOf } from "./address.ts";
import { type Client, clientsLike } from "./client.ts";
import { fromOptions } from "./index.ts";
import type { RedisBackendOptions } from "./options.ts";
import { resolveOptions } from "./settings.ts";

/** What an adapter that counts, and waits, could not work with. */
const unfit = { commandTimeout: 500, stringNumbers: true };

const made = (options: RedisBackendOptions) => resolveOptions(options).make();

it.each<[RedisBackendOptions, object]>([
  [{}, { host: "127.0.0.1", port: 6379, db: 0 }],
  [{ url: "redis://h" }, { host: "h", port: 6379 }],
  [{ url: "redis://u:p%40ss@h:7000/3" }, { host: "h", port: 7000, username: "u", password: "p@ss", db: 3 }],
  [{ url: "rediss://[::1]:7000" }, { host: "::1", port: 7000, tls: {} }],
  [
    { url: "redis://u:p@h:7000/3", port: 7001, password: "q", db: 4 },
    { host: "h", port: 7001, username: "u", password: "q", db: 4 },
  ],
  [{ url: "rediss://h", tls: { ca: "certificate" } }, { tls: { ca: "certificate" } }],
  [
    { host: "h", tls: true },
    { host: "h", tls: {} },
  ],
  [
    { connection: { sentinels: [{ host: "s", port: 1 }], name: "dispatch" }, db: 2 },
    { name: "dispatch", db: 2 },
  ],
  [
    { url: "redis://a:1?sentinel=main,redis://b?sentinel=main", password: "p" },
    {
      name: "main",
      password: "p",
      sentinels: [
        { host: "a", port: 1 },
        { host: "b", port: 26_379 },
      ],
    },
  ],
  [
    { url: "rediss://a?sentinel=main" },
    { tls: {}, enableTLSForSentinelMode: true, sentinelTLS: {}, sentinels: [{ host: "a", port: 26_379 }] },
  ],
  [
    { url: "redis://a?sentinel=main", tls: { ca: "certificate" }, connection: { sentinelTLS: { ca: "other" } } },
    { tls: { ca: "certificate" }, enableTLSForSentinelMode: true, sentinelTLS: { ca: "other" } },
  ],
  [
    { tls: true, connection: { sentinels: [{ host: "s", port: 1 }], name: "main" } },
    { tls: {}, enableTLSForSentinelMode: true },
  ],
  [{ connection: unfit }, { commandTimeout: undefined, stringNumbers: false }],
  [{ connection: { keyPrefix: "k:", socketTimeout: 1 } }, { keyPrefix: "k:", socketTimeout: 1 }],
])("%o leads to the client's %o", (options, expected) => {
  const client = made(options) as Redis;
  expect(client).toBeInstanceOf(Redis);
  expect(client.options).toMatchObject(expected);
  expect(client.options).toMatchObject({
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
  });
  expect(client.status).toBe("wait");
});

it("makes a cluster of several addresses, or where it is told so", () => {
  const url = "rediss://u:p@a:1,rediss://b:2";
  expect(addressOf({ url })).toEqual({
    nodes: [
      { host: "a", port: 1 },
      { host: "b", port: 2 },
    ],
    options: { username: "u", password: "p", tls: {} },
  });
  const cluster = made({ url, connection: unfit }) as Cluster;
  expect(cluster).toBeInstanceOf(Cluster);
  expect(cluster.options).toMatchObject({
    retryDelayOnFailover: 0,
    redisOptions: { username: "u", socketTimeout: 5_000, commandTimeout: undefined, stringNumbers: false },
  });
  expect(made({ host: "a", cluster: true })).toBeInstanceOf(Cluster);
});

it.each([
  ["6", () => new Redis({ lazyConnect: true, port: 1, db: 3, keyPrefix: "k:", ...unfit })] as const,
  ["5", () => new Redis5({ lazyConnect: true, port: 1, db: 3, keyPrefix: "k:", ...unfit })] as const,
])("takes over the settings of a client of ioredis %s, and leaves it alone", (_, make) => {
  const given = make() as Client;
  const client = clientsLike(given)() as Redis;
  expect(client.options).toMatchObject({
    port: 1,
    db: 3,
    keyPrefix: "k:",
    maxRetriesPerRequest: 0,
    socketTimeout: 5_000,
    commandTimeout: undefined,
    stringNumbers: false,
  });
  expect(client).not.toBe(given);
  expect(client.constructor).toBe(given.constructor);
  expect(given.status).toBe("wait");
});

it.each<[RedisBackendOptions | Record<string, unknown>, string]>([
  [{ hots: "h" }, "redis: unknown option hots; did you mean host?"],
  [{ url: "amqp://h" }, 'redis: "amqp:" is no URL of Redis; those are redis: and rediss:'],
  [{ url: "redis://user:12,34@h:6379" }, "redis: a comma in a user or a password is written %2C"],
  [{ url: "redis://user:p,a@h" }, "redis: a comma in a user or a password is written %2C"],
  [{ url: "rediss://a,redis://b" }, "redis: the URLs differ in tls, which is one for all of them"],
  [{ url: "redis://u:p@a,redis://u:q@b" }, "redis: the URLs differ in password, which is one for all of them"],
  [{ url: "redis://h/x" }, "redis: the path of the URL is not the number of a database"],
  [{ url: "redis://:%zz@h" }, "redis: the URL holds a % that encodes nothing"],
  [
    { url: "redis://h?x=1" },
    "redis: a URL says host, port, user, password, database and sentinel; the rest are options",
  ],
  [{ url: "redis://a,redis://b", db: 1 }, "redis: a cluster has no database but 0"],
  [{ port: 0 }, "redis: port is 0, not a whole number from 1 to 65535"],
  [{ namespace: "a:b" }, 'namespace "a:b": a name begins'],
  [{ dedupeWindowMs: -1 }, "dedupeWindowMs is -1, not a whole number"],
  [{ waitReplicas: 1.5 }, "waitReplicas is 1.5, not a whole number"],
  [{ strict: "yes" }, "strict is not a boolean"],
])("refuses %o", (options, message) => {
  const resolve = () => resolveOptions(options as RedisBackendOptions);
  expect(resolve).toThrow(DispatchError);
  expect(resolve).toThrow(message);
});

it("refuses a client beside an address", () => {
  const client = new Redis({ lazyConnect: true });
  expect(() => resolveOptions({ client, host: "h" })).toThrow("redis: host: the client says this already");
});

it("is made from what the command gives", () => {
  expect(fromOptions({ namespace: "n", queue: "q", url: "redis://h", port: 1 }).namespace).toBe("n");
  expect(() => fromOptions({ prefetchCount: 1 } as object)).toThrow("unknown option prefetchCount");
});
