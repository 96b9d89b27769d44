import type { Queue } from "@org/dispatch-core/contract";
import { TcpProxy } from "@org/dispatch-testkit";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { RedisBackend, RedisBackendOptions } from "./index.ts";
import { redis } from "./index.ts";
import { codeOf, frame, frames, LEASE_MS, never, open, opened, REPLY, take, textsOf, WORK } from "./testing/opened.ts";
import { type OwnServer, ownServer, START_MS } from "./testing/own-server.ts";

// What a server and a network can do to the backend; on a server of this file's own.
let server: OwnServer;
const backends: RedisBackend[] = [];
const proxies: TcpProxy[] = [];

beforeAll(async () => {
  server = await ownServer();
}, START_MS);
afterAll(() => server.end());
afterEach(async () => {
  await server.admin.config("SET", "maxmemory", "0");
  await Promise.all(backends.splice(0).map((backend) => backend.close()));
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

async function backendAt(options: RedisBackendOptions = { url: server.url }): Promise<RedisBackend> {
  const backend = await opened(options);
  backends.push(backend);
  return backend;
}

/** A backend whose connections a test can break. */
async function behindProxy(options: RedisBackendOptions = {}): Promise<[RedisBackend, TcpProxy]> {
  const proxy = await TcpProxy.start({ port: Number(new URL(server.url).port) });
  proxies.push(proxy);
  return [await backendAt({ host: proxy.host, port: proxy.port, ...options }), proxy];
}

const timed = async (work: Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work.catch(() => {});
  return performance.now() - startedAt;
};

/** Until a call gets through again. */
const recovers = (backend: RedisBackend) =>
  vi.waitFor(() => backend.depth(WORK, AbortSignal.timeout(1_000)), { timeout: 8_000, interval: 20 });

describe("scripts", () => {
  it("goes on when the server has forgotten its scripts", async () => {
    const backend = await backendAt();
    await backend.send(WORK, frames("a"), never);
    await server.admin.script("FLUSH");
    expect(await backend.send(WORK, frames("b"), never)).toEqual(["ok"]);
    await server.admin.script("FLUSH");
    expect(textsOf(await take(backend))).toEqual(["a", "b"]);
  });
});

describe("connections", () => {
  it("leaves none behind of a reply queue that is removed: a dispatcher for each job is one backend's all the same", async () => {
    const backend = await backendAt();
    const connections = async () =>
      String(await server.admin.client("LIST"))
        .trimEnd()
        .split("\n").length;
    const before = await connections();
    for (const name of ["one", "two", "three"]) {
      const reply: Queue = { ...REPLY, name };
      await open(backend, [reply]);
      const waiting = take(backend, { waitMs: 10_000 }, reply);
      await vi.waitFor(async () => expect(await connections()).toBe(before + 1));
      await backend.remove(reply, never);
      expect(await waiting).toEqual([]);
      await vi.waitFor(async () => expect(await connections()).toBe(before));
      await expect(take(backend, {}, reply)).rejects.toMatchObject({ code: "MISSING" });
    }
    await open(backend, [REPLY]);
    await backend.send(REPLY, frames("a"), never);
    expect(textsOf(await take(backend, {}, REPLY))).toEqual(["a"]);
  });

  it("works in the database that the user's client has chosen", async () => {
    const client = new Redis(server.url);
    await client.select(3);
    const backend = await backendAt({ client });
    await backend.send(WORK, frames("a"), never);
    expect(await client.exists(leasesOf(backend).replace(/l$/, "t"))).toBe(1);
    client.disconnect();
  });

  it("has one listener for all that open it at once: nothing warns of a leak", async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => warnings.push(message);
    process.on("warning", onWarning);
    const backend = redis({ url: server.url });
    backends.push(backend);
    await Promise.all(Array.from({ length: 12 }, (_, index) => open(backend, [{ ...REPLY, name: `c-${index}` }])));
    await new Promise(setImmediate);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("fails what is in flight at once when connections are killed, and goes on by itself", async () => {
    const backend = await backendAt();
    const waiting = take(backend, { waitMs: 10_000 }).catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await server.admin.client("LIST")).toContain("cmd=blpop"));
    await server.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    const lost = await waiting;
    expect(codeOf(backend, lost)).toBe("UNAVAILABLE");
    // Not that the client does not try again, which is on purpose.
    expect(lost).toMatchObject({ message: "there is no connection to Redis, or it was lost" });
    await recovers(backend);
    await backend.send(WORK, frames("a"), never);
    expect(textsOf(await take(backend, { waitMs: 5_000 }))).toEqual(["a"]);
  });

  it("settles every verb by its signal on a socket that answers no more, and finds a new one", async () => {
    const [backend, proxy] = await behindProxy();
    await backend.send(WORK, frames("a"), never);
    const [held] = await take(backend);
    if (held === undefined) throw new Error("nothing came");
    proxy.blackHole("up");
    const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => backend.send(WORK, frames("b"), signal),
      (signal) => take(backend, {}, WORK, signal),
      (signal) => backend.renew([held.receipt], LEASE_MS, signal),
      (signal) => backend.settle([{ kind: "ack", receipt: held.receipt }], signal),
      (signal) => backend.move([{ receipts: [{ receipt: held.receipt, ack: true }], sends: [] }], signal),
      (signal) => backend.depth(WORK, signal),
    ];
    for (const tookMs of await Promise.all(calls.map((call) => timed(call(AbortSignal.timeout(300))))))
      expect(tookMs).toBeLessThan(1_500);
    // Without any signal the silence itself ends the connection.
    expect(await timed(backend.depth(WORK, never))).toBeLessThan(8_000);
    // What lies in the hole is gone with the connections that sent it.
    proxy.reset();
    proxy.heal();
    await recovers(backend);
    expect(await backend.settle([{ kind: "ack", receipt: held.receipt }], never)).toEqual(["ok"]);
  }, 30_000);

  it("ends a receive by its signal, too, while it looks for what an earlier one was granted", async () => {
    const [backend, proxy] = await behindProxy();
    const waiting = take(backend, { waitMs: 10_000 }).catch((error: unknown) => codeOf(backend, error));
    await vi.waitFor(async () => expect(await server.admin.client("LIST")).toContain("cmd=blpop"));
    proxy.reset();
    expect(await waiting).toBe("UNAVAILABLE");
    await recovers(backend);
    proxy.blackHole("up");
    const begun = performance.now();
    expect(await take(backend, { waitMs: 10_000 }, WORK, AbortSignal.timeout(300))).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(1_500);
    proxy.reset();
    proxy.heal();
    await recovers(backend);
  });

  it("closes on a socket that answers no more, however long that counts as alive", async () => {
    const [backend, proxy] = await behindProxy({ connection: { socketTimeout: 60_000 } });
    proxy.blackHole("up");
    expect(await timed(backend.close())).toBeLessThan(7_000);
  });

  it("loses nothing, and counts nothing as lost, when the answer to a receive is lost", async () => {
    const [backend, proxy] = await behindProxy();
    await backend.send(WORK, frames("a", "b", "c"), never);
    proxy.blackHole("down");
    const unanswered = take(backend).catch((error: unknown) => codeOf(backend, error));
    await vi.waitFor(async () => expect(await server.admin.zcard(leasesOf(backend))).toBe(3));
    proxy.reset();
    proxy.heal();
    expect(await unanswered).toBe("UNAVAILABLE");
    await recovers(backend);
    const found = await take(backend, { waitMs: 2_000 });
    expect(textsOf(found)).toEqual(["a", "b", "c"]);
    expect(found.map(({ redelivery }) => redelivery)).toEqual([0, 0, 0]);
  });

  it("nor when that receive is aborted, and what it was granted cannot be given back at once", async () => {
    const [backend, proxy] = await behindProxy();
    await backend.send(WORK, frames("a", "b"), never);
    await server.admin.client("PAUSE", 600, "ALL");
    const stop = new AbortController();
    const aborted = take(backend, {}, WORK, stop.signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    stop.abort();
    expect(await aborted).toEqual([]);
    // Its answer still comes; what is given back does not arrive.
    proxy.blackHole("up");
    await vi.waitFor(async () => expect(await server.admin.zcard(leasesOf(backend))).toBe(2), 3_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    proxy.reset();
    proxy.heal();
    await recovers(backend);
    const found = await take(backend, { waitMs: 2_000 });
    expect(textsOf(found)).toEqual(["a", "b"]);
    expect(found.map(({ redelivery }) => redelivery)).toEqual([0, 0]);
  });

  it("takes what one who waits wants, and wakes others for the rest", async () => {
    const backend = await backendAt();
    const other = await backendAt({ url: server.url, namespace: backend.namespace });
    const waiting = [backend, other].map((one) => take(one, { max: 1, waitMs: 10_000 }));
    await vi.waitFor(async () => expect(String(await server.admin.client("LIST")).split("cmd=blpop")).toHaveLength(3));
    const begun = performance.now();
    await backend.send(WORK, frames("a", "b"), never);
    expect((await Promise.all(waiting)).flatMap(textsOf).sort()).toEqual(["a", "b"]);
    // Without that the second one would have to wait until its own pop ends.
    expect(performance.now() - begun).toBeLessThan(900);
  });

  it("loses nothing, and counts nothing as lost, when it is lost what a waiting receive was granted", async () => {
    const [backend, proxy] = await behindProxy();
    const waiting = take(backend, { waitMs: 10_000 }).catch((error: unknown) => codeOf(backend, error));
    await vi.waitFor(async () => expect(await server.admin.client("LIST")).toContain("cmd=blpop"));
    proxy.blackHole("down");
    const sender = await backendAt({ url: server.url, namespace: backend.namespace });
    await sender.send(WORK, frames("a"), never);
    await vi.waitFor(async () => expect(await server.admin.zcard(leasesOf(backend))).toBe(1));
    proxy.reset();
    proxy.heal();
    expect(await waiting).toBe("UNAVAILABLE");
    await recovers(backend);
    const found = await take(backend, { waitMs: 2_000 });
    expect(textsOf(found)).toEqual(["a"]);
    expect(found[0]?.redelivery).toBe(0);
  });

  it("applies no change twice when its answer is lost", async () => {
    const [backend, proxy] = await behindProxy();
    proxy.blackHole("down");
    const unanswered = backend.send(WORK, frames("a"), never).catch((error: unknown) => codeOf(backend, error));
    await vi.waitFor(async () => expect(await server.admin.hlen(leasesOf(backend).replace(/l$/, "t"))).toBe(1));
    proxy.reset();
    proxy.heal();
    expect(await unanswered).toBe("UNAVAILABLE");
    await recovers(backend);
    expect(await backend.depth(WORK, never)).toMatchObject({ ready: 1 });
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["duplicate"]);
  });

  it("waits through a pause of the server", async () => {
    const backend = await backendAt();
    await server.admin.client("PAUSE", 1_000, "ALL");
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["ok"]);
  });

  it("says why it cannot connect", async () => {
    const gone = redis({ url: "redis://127.0.0.1:1" });
    await expect(open(gone)).rejects.toSatisfy((error) => codeOf(gone, error) === "UNAVAILABLE");
    await gone.close();
    const stranger = redis({ url: server.url, username: "nobody", password: "wrong" });
    await expect(open(stranger)).rejects.toSatisfy((error) => codeOf(stranger, error) === "DENIED");
    await stranger.close();
  });

  it("leaves no connection behind", async () => {
    const [backend, proxy] = await behindProxy();
    const waiting = take(backend, { waitMs: 10_000 });
    await vi.waitFor(() => expect(proxy.connections).toBe(2));
    await backend.close();
    expect(await waiting).toEqual([]);
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
  });
});

describe("copies", () => {
  it("keeps what it holds, and takes more, while its writes wait for a replica that is away", async () => {
    const backend = await backendAt({ url: server.url, waitReplicas: 1 });
    const sender = await backendAt({ url: server.url, namespace: backend.namespace });
    await sender.send(WORK, frames("a", "b"), never);
    const [a] = await take(backend, { max: 1 });
    const begun = performance.now();
    const sent = async (text: string, signal = never) =>
      codeOf(backend, await backend.send(WORK, frames(text), signal).catch((error: unknown) => error));
    const first = ["c", "d"].map((text) => sent(text));
    // The wait for those two is under way.
    await vi.waitFor(async () => expect(await sender.depth(WORK, never)).toMatchObject({ ready: 3 }));
    const later = [sent("e"), sent("f"), sent("never sent", AbortSignal.timeout(200))];
    expect(await backend.renew([a?.receipt as never], LEASE_MS, never)).toEqual(["ok"]);
    expect(textsOf(await take(backend))).toEqual(["b", "c", "d"]);
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(await Promise.all(first)).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
    expect(await Promise.all(later)).toEqual(["UNAVAILABLE", "UNAVAILABLE", "TIMED_OUT"]);
    // One wait of 3 s each for what came together.
    expect(performance.now() - begun).toBeLessThan(8_000);
    expect(textsOf(await take(backend))).toEqual(["e", "f"]);
  });

  it("writes once more what a server did not know", async () => {
    const backend = await backendAt({ url: server.url, waitReplicas: 1 });
    await server.admin.script("FLUSH");
    await expect(backend.send(WORK, frames("a"), never)).rejects.toThrow("0 of 1 replicas");
    expect(textsOf(await take(backend))).toEqual(["a"]);
  });
});

describe("memory", () => {
  it("refuses what is new and finishes what was begun when the memory is full", async () => {
    const backend = await backendAt();
    await backend.send(WORK, frames("a", "b", "c"), never);
    const [a, b, c] = await take(backend);
    if (a === undefined || b === undefined || c === undefined) throw new Error("not all came");
    await server.admin.config("SET", "maxmemory", "1");
    const refused = await backend.send(WORK, frames("d"), never).catch((error: unknown) => error);
    expect(codeOf(backend, refused)).toBe("THROTTLED");
    expect(await backend.renew([a.receipt, b.receipt], 2 * LEASE_MS, never)).toEqual(["ok", "ok"]);
    // A task of a pack, of which others still run.
    const early = { queue: REPLY, frame: frame("early result") };
    expect(await backend.move([{ receipts: [{ receipt: a.receipt, ack: false }], sends: [early] }], never)).toEqual([
      "ok",
    ]);
    const result = { queue: REPLY, frame: frame("result") };
    expect(await backend.move([{ receipts: [{ receipt: a.receipt, ack: true }], sends: [result] }], never)).toEqual([
      "ok",
    ]);
    const rest = [
      { kind: "ack", receipt: b.receipt },
      { kind: "release", receipt: c.receipt, delayMs: 0 },
    ] as const;
    expect(await backend.settle(rest, never)).toEqual(["ok", "ok"]);
    expect(textsOf(await take(backend))).toEqual(["c"]);
    // Who comes now, and puts off the end of a reply queue, frees memory.
    const other = await backendAt({ url: server.url, namespace: backend.namespace });
    await server.admin.pexpire(leasesOf(backend).replace("work:normal:l", "reply:coordinator-1:m"), 22 * 3_600_000);
    expect(textsOf(await take(other, {}, REPLY))).toEqual(["early result", "result"]);
    await server.admin.config("SET", "maxmemory", "0");
    expect(await backend.send(WORK, frames("d"), never)).toEqual(["ok"]);
  });

  it("doubts a server that may throw tasks away, and refuses it when strict", async () => {
    await server.admin.config("SET", "maxmemory-policy", "allkeys-lru");
    try {
      const doubt = { code: "MISMATCH", detail: expect.stringMatching(/^maxmemory-policy is allkeys-lru/) };
      expect(await open(await backendAt())).toEqual([doubt]);
      const strict = redis({ url: server.url, strict: true });
      await expect(open(strict)).rejects.toSatisfy((error) => codeOf(strict, error) === "MISMATCH");
      await strict.close();
    } finally {
      await server.admin.config("SET", "maxmemory-policy", "noeviction");
    }
    expect(await open(await backendAt({ url: server.url, strict: true }))).toEqual([]);
  });

  it("doubts a server that it may not ask, and refuses it when strict", async () => {
    await server.admin.call("ACL", "SETUSER", "quiet", "on", ">secret", "~*", "+@all", "-info");
    const quiet = { url: server.url, username: "quiet", password: "secret" };
    expect(await open(await backendAt(quiet))).toMatchObject([{ code: "DENIED" }]);
    const strict = redis({ ...quiet, strict: true });
    await expect(open(strict)).rejects.toSatisfy((error) => codeOf(strict, error) === "DENIED");
    await strict.close();
  });
});

/** The key of the leases of the work queue. */
function leasesOf({ namespace }: RedisBackend): string {
  return `${namespace}:{${namespace}:default}:work:normal:l`;
}
