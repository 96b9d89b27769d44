import type { Queue } from "@org/dispatch-core/contract";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Ask, auditQueue } from "./audit.ts";
import { Connection } from "./connection.ts";
import { type RedisBackend, type RedisBackendOptions, redis } from "./index.ts";
import { placeOf } from "./keys.ts";
import { scripts } from "./script.ts";
import {
  codeOf,
  DEAD,
  frame,
  frames,
  LEASE_MS,
  never,
  open,
  opened,
  REPLY,
  take,
  textsOf,
  WORK,
} from "./testing/opened.ts";
import { type OwnServer, ownServer, START_MS } from "./testing/own-server.ts";

// What the scripts do beyond the cases of the conformance suite.
let server: OwnServer;
const backends: RedisBackend[] = [];

beforeAll(async () => {
  server = await ownServer();
}, START_MS);
afterAll(() => server.end());
afterEach(async () => {
  await Promise.all(backends.splice(0).map((backend) => backend.close()));
});

async function backendAt(options: RedisBackendOptions = {}): Promise<RedisBackend> {
  const backend = await opened(options.client === undefined ? { url: server.url, ...options } : options);
  backends.push(backend);
  return backend;
}

const keyOf = ({ namespace }: RedisBackend, part: string, queue = "work:normal") =>
  `${namespace}:{${namespace}:default}:${queue}:${part}`;

const ack = (backend: RedisBackend, ...held: readonly { readonly receipt: object }[]) =>
  backend.settle(
    held.map(({ receipt }) => ({ kind: "ack", receipt }) as never),
    never,
  );

const release = (backend: RedisBackend, delayMs: number, ...held: readonly { readonly receipt: object }[]) =>
  backend.settle(
    held.map(({ receipt }) => ({ kind: "release", delayMs, receipt }) as never),
    never,
  );

describe("a database", () => {
  it("that the server has is used", async () => {
    const backend = await backendAt({ db: 3 });
    await backend.send(WORK, frames("a"), never);
    const probe = new Redis(server.url, { db: 3 });
    const kept = await probe.keys(`${backend.namespace}:*`);
    await probe.quit();
    expect([kept.length > 0, await server.admin.keys(`${backend.namespace}:*`)]).toEqual([true, []]);
  });

  it("that it has not is refused: the client would go on in database 0", async () => {
    const backend = redis({ url: server.url, db: 9_999 });
    backends.push(backend);
    const error: unknown = await open(backend).catch((thrown: unknown) => thrown);
    expect(backend.classify(error)).toEqual({ code: "DENIED", detail: "ERR DB index is out of range" });
  });
});

describe("long frames among short ones", () => {
  const long = (letter: string, bytes: number) => frame(letter, { bytes: Buffer.alloc(bytes, letter) });

  it("keep their place and their bytes, on both sides of where they become arguments of their own", async () => {
    const backend = await backendAt();
    const sent = [long("a", 5_000), frame("b"), long("c", 2_047), long("d", 2_048), frame("e"), long("f", 300_000)];
    expect(await backend.send(WORK, sent, never)).toEqual(["ok", "ok", "ok", "ok", "ok", "ok"]);
    expect(textsOf(await take(backend))).toEqual(textsOf(sent));
  });

  it("are duplicates where their id is taken, unless they are copies", async () => {
    const backend = await backendAt();
    const copy = { ...long("a", 4_000), first: false };
    expect(await backend.send(WORK, [long("a", 3_000), long("a", 9_000), copy], never)).toEqual([
      "ok",
      "duplicate",
      "ok",
    ]);
    expect((await take(backend)).map(({ bytes }) => bytes.length)).toEqual([3_000, 4_000]);
  });
});

describe("order", () => {
  it("puts frames back where they came from, whatever the order in which they are released", async () => {
    const backend = await backendAt();
    await backend.send(WORK, frames("a", "b", "c", "d", "e", "f"), never);
    const [a, b, c, d] = await take(backend, { max: 4 });
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error("not all came");
    await release(backend, 0, a, b);
    await release(backend, 0, d, c);
    expect(textsOf(await take(backend))).toEqual(["a", "b", "c", "d", "e", "f"]);
  });

  it("lines up what was delayed when its time has come, in the order of the times, then of the sends", async () => {
    const backend = await backendAt();
    const late = ["x10", "x9", "x8"].map((text) => frame(text, { delayMs: 300 }));
    await backend.send(WORK, [...late, frame("soon", { delayMs: 100 })], never);
    await new Promise((resolve) => setTimeout(resolve, 320));
    expect(textsOf(await take(backend))).toEqual(["soon", "x10", "x9", "x8"]);
  });

  it("gives back what another backend held when that one is closed, first and without penalty", async () => {
    const backend = await backendAt();
    const other = await backendAt({ namespace: backend.namespace });
    await backend.send(WORK, frames("a", "b", "c"), never);
    await take(other, { max: 2 });
    const waiting = take(backend, { max: 1 });
    expect(textsOf(await waiting)).toEqual(["c"]);
    await other.close();
    const found = await take(backend, { waitMs: 1_000 });
    expect(textsOf(found)).toEqual(["a", "b"]);
    expect(found.map(({ redelivery }) => redelivery)).toEqual([0, 0]);
  });
});

describe("ids", () => {
  it("keeps an id taken as long as any frame of it lives", async () => {
    const backend = await backendAt();
    const copy = (text: string) => frame(text, { id: "a", first: false });
    expect(await backend.send(WORK, [frame("a"), copy("a1"), copy("a2")], never)).toEqual(["ok", "ok", "ok"]);
    const [first, ...copies] = await take(backend);
    if (first === undefined) throw new Error("nothing came");
    await ack(backend, first);
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["duplicate"]);
    await ack(backend, ...copies, ...copies);
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["ok"]);
    expect(await server.admin.exists(keyOf(backend, "c"))).toBe(0);
  });

  it("keeps the record of a copy that a move makes while it acks the frame before", async () => {
    const backend = await backendAt();
    await backend.send(WORK, frames("a"), never);
    const [held] = await take(backend);
    if (held === undefined) throw new Error("nothing came");
    const copy = frame("copy", { id: "a", first: false });
    await backend.move(
      [{ receipts: [{ receipt: held.receipt, ack: true }], sends: [{ queue: WORK, frame: copy }] }],
      never,
    );
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["duplicate"]);
    expect(textsOf(await take(backend))).toEqual(["copy"]);
  });

  it("refuses a duplicate within one batch, and allows equal ids where no tasks are", async () => {
    const backend = await backendAt();
    expect(await backend.send(WORK, frames("a", "b", "a"), never)).toEqual(["ok", "ok", "duplicate"]);
    expect(await backend.send(DEAD, frames("a", "a"), never)).toEqual(["ok", "ok"]);
    expect(textsOf(await take(backend, {}, DEAD))).toEqual(["a", "a"]);
  });

  it("refuses an id for the whole window, also when its task has ended", async () => {
    const backend = await backendAt({ dedupeWindowMs: 400 });
    expect(backend.profile.dedupeWindowMs).toBe(400);
    await backend.send(WORK, frames("a"), never);
    await ack(backend, ...(await take(backend)));
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["duplicate"]);
    await new Promise((resolve) => setTimeout(resolve, 420));
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["ok"]);
  });
});

describe("keys", () => {
  it("leaves nothing of a task behind", async () => {
    const backend = await backendAt();
    await backend.send(WORK, [frame("a"), frame("b", { priority: 9 }), frame("c", { delayMs: 1 })], never);
    await ack(backend, ...(await take(backend)), ...(await take(backend, { waitMs: 1_000 })));
    await backend.close();
    const keys = await server.admin.keys(`${backend.namespace}:*`);
    expect(keys.filter((key) => !key.endsWith(":m"))).toEqual([]);
  });

  it("keeps a reply queue for a day after its last reader, with all that is in it", async () => {
    const backend = await backendAt();
    await backend.send(REPLY, frames("a", "b"), never);
    const keys = await server.admin.keys(`${backend.namespace}:*:reply:*`);
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) {
      const ms = await server.admin.pttl(key);
      expect(ms, key).toBeGreaterThan(86_300_000);
      expect(ms, key).toBeLessThanOrEqual(86_400_000);
    }
    await server.admin.del(keyOf(backend, "m", "reply:coordinator-1"));
    expect(await backend.send(REPLY, frames("c"), never)).toEqual(["gone"]);
  });

  it("keep nothing of a reply queue for longer than the queue, whatever made it", async () => {
    const backend = await backendAt();
    await backend.send(REPLY, frames("a", "b", "c"), never);
    const [one, two, three] = await take(backend, {}, REPLY);
    // Every list and the marker are gone, and are made anew.
    await release(backend, 0, one as never);
    await release(backend, 40_000, two as never);
    await take(backend, { max: 1, leaseMs: 20 }, REPLY);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await take(backend, { max: 1, leaseMs: 20 }, REPLY);
    await ack(backend, three as never);
    for (const key of await server.admin.keys(`${backend.namespace}:*:reply:*`))
      expect(await server.admin.pttl(key), key).toBeGreaterThan(0);
    await backend.close();
    for (const key of await server.admin.keys(`${backend.namespace}:*:reply:*`))
      expect(await server.admin.pttl(key), key).toBeGreaterThan(0);
  });

  it("come back where a queue was lost, but not by a wait that ends after it was removed", async () => {
    const backend = await backendAt();
    const place = placeOf(backend.namespace, REPLY, backend.profile.replyRetentionMs);
    await backend.remove(REPLY, never);
    const late = new Connection(() => new Redis(server.url, { lazyConnect: true }));
    await late.ready();
    const args = (makes: number) => [1, LEASE_MS, Buffer.alloc(11), place.keepMs, 16, makes];
    await late.run(scripts.claim, place.keys, args(0));
    expect(await server.admin.keys(`${backend.namespace}:*:reply:*`)).toEqual([]);
    await late.run(scripts.claim, place.keys, args(1));
    expect(await server.admin.keys(`${backend.namespace}:*:reply:*`)).toEqual([place.keys[0]]);
    late.close();
  });

  it("end with the window of the ids that they hold", async () => {
    const backend = await backendAt({ dedupeWindowMs: 300 });
    const many = Array.from({ length: 2_000 }, (_, index) => frame(`frame-${index}`));
    for (let from = 0; from < 2_000; from += 500) await backend.send(WORK, many.slice(from, from + 500), never);
    const ids = keyOf(backend, "u");
    expect(await server.admin.pttl(ids)).toBeGreaterThan(0);
    await server.admin.persist(ids);
    await new Promise((resolve) => setTimeout(resolve, 320));
    await backend.send(WORK, frames("one more"), never);
    const left = await server.admin.zcard(ids);
    expect(left).toBeGreaterThan(1_000);
    for (let index = 0; index < 4; index += 1) await backend.send(WORK, frames(`and ${index}`), never);
    expect(await server.admin.zcard(ids)).toBe(5);
    await vi.waitFor(async () => expect(await server.admin.exists(ids)).toBe(0));
  });

  it("has one hash tag for a family, and stands behind a client's own prefix", async () => {
    const client = new Redis(server.url, { keyPrefix: "mine:", lazyConnect: true });
    const backend = await backendAt({ client });
    await backend.send(WORK, frames("a"), never);
    const waiting = take(backend, { waitMs: 2_000 }, REPLY);
    expect(textsOf(await take(backend))).toEqual(["a"]);
    await backend.send(REPLY, frames("b"), never);
    expect(textsOf(await waiting)).toEqual(["b"]);
    expect(client.status).toBe("wait");
    const keys = await server.admin.keys(`*${backend.namespace}*`);
    for (const key of keys)
      expect(key).toMatch(new RegExp(`^mine:${backend.namespace}:\\{${backend.namespace}:default\\}:`));
  });
});

describe("one step", () => {
  it("grants no more than the server can read at once, and leaves the others where they are", async () => {
    const backend = await backendAt();
    const large = Array.from({ length: 20 }, (_, index) => {
      const text = `frame-${String(index).padStart(2, "0")}`;
      return frame(text, { bytes: Buffer.alloc(1024 * 1024, text), priority: index < 3 ? 9 : 5 });
    });
    for (let from = 0; from < 20; from += 5) await backend.send(WORK, large.slice(from, from + 5), never);
    const counts: number[] = [];
    const seen: string[] = [];
    for (let found = await take(backend); found.length > 0; found = await take(backend)) {
      counts.push(found.length);
      seen.push(...found.map(({ bytes }) => Buffer.from(bytes.subarray(0, 8)).toString()));
      expect(found.every(({ redelivery }) => redelivery === 0)).toBe(true);
    }
    expect(counts).toEqual([8, 8, 4]);
    expect(seen).toEqual(large.map(({ id }) => id));
  });

  it("moves to hundreds of queues", async () => {
    const backend = await backendAt();
    const replies = Array.from({ length: 300 }, (_, index): Queue => ({ ...REPLY, name: `c${index}` }));
    await open(backend, replies);
    await backend.send(WORK, replies.map(({ name }) => frame(`task of ${name}`)), never); // biome-ignore format: one line
    const held = await take(backend, { max: 300 });
    const moves = replies.map((queue, index) => ({
      receipts: [{ receipt: held[index]?.receipt as never, ack: true }],
      sends: [{ queue, frame: frame(`result of ${queue.name}`) }],
    }));
    expect(new Set(await backend.move(moves, never))).toEqual(new Set(["ok"]));
    const found = await Promise.all(replies.map(async (queue) => textsOf(await take(backend, {}, queue)).join()));
    expect(found).toEqual(replies.map(({ name }) => `result of ${name}`));
  });
});

describe("looking", () => {
  it("shows each frame once, page by page, while those of the pages before are taken away", async () => {
    const backend = await backendAt();
    const texts = Array.from({ length: 25 }, (_, index) => `frame-${index}`);
    await backend.send(DEAD, frames(...texts), never);
    await backend.send(DEAD, [frame("later", { delayMs: 60_000 })], never);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await backend.browse(DEAD, { cursor, max: 7 }, never);
      seen.push(...textsOf(page.frames));
      cursor = page.cursor;
      await ack(backend, ...(await take(backend, { max: 3 }, DEAD)));
    } while (cursor !== undefined);
    expect(seen).toEqual([...texts, "later"]);
    await expect(backend.browse(DEAD, { cursor: "x", max: 1 }, never)).rejects.toSatisfy(
      (error) => codeOf(backend, error) === "MISMATCH",
    );
  });

  it("goes on where it was though most of what came before is gone", async () => {
    const backend = await backendAt();
    const texts = Array.from({ length: 1_200 }, (_, index) => `frame-${index}`);
    for (let from = 0; from < 1_200; from += 400)
      await backend.send(DEAD, frames(...texts.slice(from, from + 400)), never);
    const { cursor } = await backend.browse(DEAD, { cursor: undefined, max: 700 }, never);
    await ack(backend, ...(await take(backend, { max: 690 }, DEAD)));
    const page = await backend.browse(DEAD, { cursor, max: 100 }, never);
    expect(textsOf(page.frames)).toEqual(texts.slice(700, 800));
    await ack(backend, ...(await take(backend, { max: 200 }, DEAD)));
    const next = await backend.browse(DEAD, { cursor: page.cursor, max: 100 }, never);
    expect(textsOf(next.frames)).toEqual(texts.slice(890, 990));
  });

  it("purges thousands, and leaves what is held", async () => {
    const backend = await backendAt();
    for (let first = 0; first < 2_500; first += 500) {
      const some = Array.from({ length: 500 }, (_, index) => frame(`${first + index}`, { priority: index % 11 }));
      await backend.send(WORK, some, never);
    }
    const held = await take(backend, { max: 5 });
    expect(await backend.purge(WORK, never)).toBe(2_495);
    expect(await backend.depth(WORK, never)).toEqual({ ready: 0, leased: 5, delayed: 0, exact: true });
    expect(
      await backend.renew(
        held.map(({ receipt }) => receipt),
        LEASE_MS,
        never,
      ),
    ).toEqual(Array(5).fill("ok"));
    expect(await ack(backend, ...held)).toEqual(Array(5).fill("ok"));
  });

  it("counts what is due, and what is over, as ready before anybody has moved it", async () => {
    const backend = await backendAt();
    await backend.send(WORK, [frame("a"), frame("b", { delayMs: 20 })], never);
    await take(backend, { leaseMs: 20 });
    expect(await backend.depth(WORK, never)).toMatchObject({ ready: 0, leased: 1, delayed: 1 });
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(await backend.depth(WORK, never)).toMatchObject({ ready: 2, leased: 0, delayed: 0 });
  });
});

describe("audit", () => {
  it("finds nothing where all is well, whatever state frames are in", async () => {
    const backend = await backendAt();
    await backend.send(
      WORK,
      [...frames("a", "b"), frame("c", { delayMs: 60_000 }), frame("a2", { id: "a", first: false })],
      never,
    );
    await take(backend, { max: 1 });
    expect(await backend.audit(WORK, { repair: true })).toEqual({ records: 4, orphans: 0, repaired: 0 });
  });

  it("finds frames that the server has lost the way to, and lines them up again", async () => {
    const backend = await backendAt();
    await backend.send(WORK, frames(...Array.from({ length: 400 }, (_, index) => `frame-${index}`)), never);
    await take(backend, { max: 150 });
    await server.admin.del(keyOf(backend, "l"));
    expect(await take(backend, { max: 10, waitMs: 0 }, REPLY)).toEqual([]);
    expect(await backend.audit(WORK)).toEqual({ records: 400, orphans: 150, repaired: 0 });
    expect(await backend.audit(WORK, { repair: true })).toEqual({ records: 400, orphans: 150, repaired: 150 });
    const found = await take(backend, { max: 500 });
    expect(new Set(textsOf(found)).size).toBe(400);
    expect(await backend.audit(WORK)).toEqual({ records: 400, orphans: 0, repaired: 0 });
  });
});

describe("an audit beside workers", () => {
  it("takes nothing for lost that went from one structure to another while they were read", async () => {
    const backend = await backendAt();
    await backend.send(WORK, [...frames("ready", "leased", "lost"), frame("delayed", { delayMs: 60_000 })], never);
    await take(backend, { max: 1 });
    const list = keyOf(backend, "r5");
    const [, last] = await server.admin.lrangeBuffer(list, 0, -1);
    await server.admin.lrem(list, 1, last as Buffer);
    const place = placeOf(backend.namespace, WORK, 0);
    const connection = new Connection(() => new Redis(server.url, { lazyConnect: true }));
    await connection.ready();
    // Whoever reads them one after the other may see none of them.
    const ask: Ask = async (script, args) =>
      script === scripts.fields ? [0] : connection.run(script, place.keys, args);
    expect(await auditQueue(ask, false)).toEqual({ records: 4, orphans: 1, repaired: 0 });
    expect(await auditQueue(ask, true)).toEqual({ records: 4, orphans: 1, repaired: 1 });
    expect(textsOf(await take(backend))).toEqual(["leased", "lost"]);
    connection.close();
  });
});

describe("further copies", () => {
  it("fails a write that too few replicas have, and says so", async () => {
    const backend = await backendAt({ waitReplicas: 1 });
    const error = await backend.send(WORK, frames("a"), AbortSignal.timeout(9_000)).catch((thrown: unknown) => thrown);
    expect(codeOf(backend, error)).toBe("UNAVAILABLE");
    expect(String(error)).toContain("0 of 1 replicas");
  }, 15_000);

  it("refuses a server that is too old to wait for its disk", async () => {
    await expect(backendAt({ waitAof: true })).rejects.toMatchObject({ code: "MISMATCH" });
  });
});
