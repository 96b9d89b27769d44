import { describe, expect, it } from "vitest";
import { OutgoingFrame } from "./codec/frame.ts";
import { packFrame, packTask } from "./codec/maker.ts";
import { codecOf } from "./codec/testing.ts";
import type { OutFrame } from "./contract/index.ts";
import { Dead, Retry } from "./errors.ts";
import type { Character } from "./memory/world/characters.ts";
import { input } from "./send/input.ts";
import { decoded, RUN } from "./testing/frames.ts";
import { DEAD, MemoryWorld, WORK } from "./testing/memory-world.ts";
import { wireOf } from "./wire.ts";
import { type Context, defineTask } from "./work/task.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const packsOf = (size: number) => ({ packs: true, initialBatchSize: size, maxBatchSize: size });
const CHARACTERS: (Character | undefined)[] = [undefined, "redis", "sqs", "rabbitmq", "kafka"];
const named = CHARACTERS.map((character) => [character ?? "memory", character] as const);

function worldOf(character: Character | undefined): MemoryWorld {
  return new MemoryWorld(character === undefined ? undefined : { character });
}

/** A Standard Schema of one rule. */
const schema = (valid: (value: unknown) => boolean) => ({
  "~standard": {
    version: 1 as const,
    vendor: "test",
    validate: (value: unknown) => (valid(value) ? { value } : { issues: [{ message: "not what it should be" }] }),
  },
});

describe.each(named)("packs at a worker, on %s", (_, character) => {
  it("payloads of all sizes, of which none is lost, doubled or taken for another", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher(packsOf(20));
    await world.worker((payload: { n: number; text: string }) => [payload.n, payload.text.length], { concurrency: 7 });
    const size = (n: number) => [0, 10, 3_000, 60_000, 300_000][n % 5] as number;
    const inputs = numbers(60).map((n) => ({ n, text: "x".repeat(size(n)) }));
    const results = await world.until(dispatcher.run<unknown, unknown>("default", inputs).results());
    expect(
      results.map(({ value }) => value).toSorted((a, b) => Number((a as number[])[0]) - Number((b as number[])[0])),
    ).toEqual(numbers(60).map((n) => [n, size(n)]));
  });

  it("headers, ids and deadlines are each task's own", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher(packsOf(10));
    const inputs = numbers(20).map((n) =>
      input(n, {
        ...(n % 2 === 0 ? { headers: { n: `h${n}` } } : {}),
        ...(n % 3 === 0 ? { id: `id ${n}` } : {}),
        ...(n === 4 ? { deadlineMs: 0 } : n === 5 ? { deadlineMs: 60_000 } : {}),
      }),
    );
    const run = dispatcher.run<number, unknown>("default", inputs);
    await world.clock.settle();
    await world.worker((n: number, { headers, deadline }: Context) => [n, headers.n, deadline !== undefined]);
    const results = (await world.until(run.results())).toSorted((a, b) => a.index - b.index);
    expect(results.map(({ value, ref, outcome }) => [outcome, value, ref])).toEqual(
      numbers(20).map((n) => [
        n === 4 ? "expired" : "completed",
        n === 4 ? undefined : [n, n % 2 === 0 ? `h${n}` : null, n === 5],
        n % 3 === 0 ? `id ${n}` : undefined,
      ]),
    );
  });

  it("what the schema refuses is dead alone, with its own letter", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher(packsOf(10));
    const task = defineTask({ input: schema((value) => value !== 3 && value !== 7), handler: (n: unknown) => n });
    await world.worker([task as never]);
    expect(await world.outcomes(dispatcher.run("default", numbers(20)))).toEqual(
      numbers(20).map((n) => (n === 3 || n === 7 ? "dead INPUT_INVALID" : `completed ${n}`)),
    );
    await world.clock.advance(1_000);
    expect((await lettersOf(world)).map(({ first, count, death }) => [first, count, death?.reason]).toSorted()).toEqual(
      [
        [3, 1, "INPUT_INVALID"],
        [7, 1, "INPUT_INVALID"],
      ],
    );
  });

  it("what a handler does to its payload is not there at the next attempt, nor in the dead letter", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher(packsOf(5));
    const seen: unknown[] = [];
    await world.worker(
      (payload: { n: number; list: number[] }, { attempt }: Context) => {
        seen.push([payload.n, attempt, [...payload.list]]);
        payload.list.push(99);
        if (attempt === 1) throw new Retry("again", { delayMs: 1_000 });
        if (payload.n === 3) throw new Dead("no");
        return payload.list.length;
      },
      { concurrency: 2 },
    );
    const inputs = numbers(10).map((n) => ({ n, list: [n] }));
    const outcomes = await world.outcomes(dispatcher.run("default", inputs));
    expect(outcomes).toEqual(numbers(10).map((n) => (n === 3 ? "dead REJECTED" : "completed 2")));
    expect(seen).toHaveLength(20);
    for (const [n, , list] of seen as [number, number, number[]][]) expect(list).toEqual([n]);
    await world.clock.advance(1_000);
    const bodies = (await lettersOf(world)).map(({ body }) => JSON.parse(Buffer.from(body).toString()));
    expect(bodies).toEqual([[{ n: 3, list: [3] }]]);
  });

  it("a deadline that passes while its task waits behind its pack: it is not begun", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher(packsOf(4));
    const begun: number[] = [];
    const inputs = numbers(8).map((n) => input(n, n === 2 ? { deadlineMs: 1_500 } : {}));
    await world.worker(
      async (n: number) => {
        begun.push(n);
        await new Promise<void>((resolve) => world.clock.after(1_000, resolve));
        return n;
      },
      { concurrency: 1, targetPackMs: 1e9 },
    );
    expect(await world.outcomes(dispatcher.run("default", inputs))).toEqual(
      numbers(8).map((n) => (n === 2 ? "expired EXPIRED" : `completed ${n}`)),
    );
    expect(begun.toSorted()).toEqual([0, 1, 3, 4, 5, 6, 7]);
  });

  it("attempts that time out, and handlers that never return: theirs alone; the slot is given on", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher(packsOf(8));
    const hanging = new Set([2, 5]);
    await world.worker(
      (n: number, { attempt }: Context) => (hanging.has(n) && attempt === 1 ? new Promise(() => {}) : [n, attempt]),
      { concurrency: 2, timeoutMs: 1_000, abandonMs: 500, targetPackMs: 1e9, backoff: { baseMs: 100, maxMs: 100 } },
    );
    expect(await world.outcomes(dispatcher.run("default", numbers(16)))).toEqual(
      numbers(16).map((n) => `completed ${JSON.stringify([n, hanging.has(n) ? 2 : 1])}`),
    );
    await world.clock.advance(5_000);
    expect(world.of("task_timed_out")).toHaveLength(2);
    expect(world.of("slot_abandoned").map(({ code }) => code)).toEqual(["TIMED_OUT", "TIMED_OUT"]);
    expect(await world.depth()).toBe("0/0/0");
  });

  it("delayed packs wait as packs, and come when they are due", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher(packsOf(6));
    const started: number[] = [];
    await world.worker(() => {
      started.push(world.clock.now());
    });
    const delayMs = 3_600_000;
    await world.outcomes(dispatcher.run("default", numbers(12), { delayMs }));
    expect(started).toHaveLength(12);
    expect(Math.min(...started)).toBeGreaterThanOrEqual(delayMs);
    expect(Math.max(...started)).toBeLessThanOrEqual(delayMs + 10_000);
  });

  it("holds no more tasks than its slots and a pack, once it has seen packs", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher(packsOf(10));
    const run = dispatcher.run<number, number>("default", numbers(400));
    await world.clock.settle();
    const worker = await world.worker(
      (n: number) => new Promise((resolve) => world.clock.after(50, () => resolve(n))),
      { concurrency: 4, targetPackMs: 1e9 },
    );
    const held: number[] = [];
    let done = false;
    void run.results().then(() => (done = true));
    while (!done) {
      await world.clock.advance(25);
      held.push(worker.status.held);
      if (held.length > 2_000) break;
    }
    expect(done).toBe(true);
    // Frames of ten: the first receive may bring one for each slot, and each lane may stand for one.
    expect(Math.max(...held.slice(0, 20))).toBeLessThanOrEqual(4 + 2);
    expect(Math.max(...held.slice(200))).toBeLessThanOrEqual(1 + 3);
  });

  it("a worker that stops gives back an untouched pack whole, and sends on what has not begun of another", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher(packsOf(4));
    const run = dispatcher.run<number, number>("default", numbers(8));
    await world.clock.settle();
    const begun: number[] = [];
    const handler = (n: number) => {
      begun.push(n);
      return new Promise((resolve) => world.clock.after(200, () => resolve(n)));
    };
    const first = await world.worker(handler, { concurrency: 2, targetPackMs: 1e9 });
    await world.clock.advance(100);
    expect(begun).toHaveLength(2);
    const stopped = first.stop();
    await world.until(stopped);
    await world.worker(handler, { id: "w2", concurrency: 2, targetPackMs: 1e9 });
    expect(await world.outcomes(run)).toEqual(numbers(8).map((n) => `completed ${n}`));
    expect(begun.toSorted()).toEqual(numbers(8));
    expect(run.summary).toMatchObject({ lost: 0, duplicates: 0 });
  });

  it("a lease that is lost in the middle of a pack ends its handlers; nothing that they return is written", async () => {
    const world = worldOf(character);
    const dispatcher = await world.dispatcher({ ...packsOf(4), leaseMs: 3_000 });
    const run = dispatcher.run<number, string>("default", numbers(8));
    await world.clock.settle();
    const reasons: unknown[] = [];
    const hangs = (_: number, { signal }: Context) =>
      new Promise<string>((resolve) =>
        signal.addEventListener("abort", () => {
          reasons.push((signal.reason as { code: string }).code);
          resolve("from a zombie");
        }),
      );
    const options = { concurrency: 2, leaseMs: 3_000, abandonMs: 1_000, targetPackMs: 1e9 };
    const first = await world.worker(hangs, options);
    await world.clock.advance(100);
    const { backend } = world;
    const refuse = async (receipts: readonly unknown[]) => receipts.map(() => "lost" as const);
    const renew = backend.renew.bind(backend);
    Object.assign(backend, { renew: refuse });
    await world.clock.advance(3_000);
    Object.assign(backend, { renew });
    expect(reasons.slice(0, 2)).toEqual(["LEASE_LOST", "LEASE_LOST"]);
    first.abort();
    await world.until(first.stop());
    await world.worker(() => "from the next", { ...options, id: "w2" });
    expect(new Set(await world.outcomes(run))).toEqual(new Set(['completed "from the next"']));
  });

  it.each([
    ["which may not be lost", { maxLost: 0 }],
    ["as usual", {}],
  ])(
    "a pack that cannot be read, %s: one letter with all of it, every task dead, and the worker goes on",
    async (_, options) => {
      const world = worldOf(character);
      const dispatcher = await world.dispatcher(packsOf(4));
      await world.worker((n: unknown) => n, options);
      await world.until(dispatcher.run("default", [1]).results());
      const bytes = Buffer.from(packed(numbers(3)));
      bytes[bytes.length - 1] = 0x7d;
      await world.put(WORK, onWire(world, bytes));
      await world.clock.advance(5_000);
      const ends = world.of("orphan").map(({ result }) => [result.index, result.outcome, result.error?.code]);
      expect(ends.toSorted()).toEqual([0, 1, 2].map((n) => [n, "dead", "FRAME_INVALID"]));
      const letters = await lettersOf(world);
      expect(letters.map(({ name, death }) => [name, death?.reason])).toEqual([[`${RUN}/0+3#0.0~0`, "FRAME_INVALID"]]);
      expect(world.of("frame_rejected")).toHaveLength(1);
      expect(await world.outcomes(dispatcher.run("default", numbers(8)))).toEqual(
        numbers(8).map((n) => `completed ${n}`),
      );
      expect(await world.depth()).toBe("0/0/0");
    },
  );
});

const GROUP = undefined;

function packed(payloads: readonly unknown[]): Buffer {
  const tasks = payloads.map((payload, index) => packTask(index, payload, { task: "default" }, GROUP));
  const common = {
    run: RUN,
    coordinator: "c1",
    priority: 5,
    delayMs: 0,
    waiting: undefined,
    key: undefined,
    sentAt: 1,
  };
  return (packFrame(common, tasks, codecOf({ compress: "off" })) as OutFrame).bytes as Buffer;
}

function onWire(world: MemoryWorld, bytes: Buffer): OutFrame {
  return wireOf(world.backend.profile).toWire(new OutgoingFrame(bytes, { first: true }));
}

async function lettersOf(world: MemoryWorld) {
  const { frames } = await world.backend.browse(DEAD, { max: 100 }, new AbortController().signal);
  return frames.map(({ bytes }) => decoded(wireOf(world.backend.profile).fromWire(bytes)));
}
