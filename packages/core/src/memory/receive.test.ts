import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { frame, LEASE_MS, never, textsOf, WORK, World } from "./testing.ts";

const takeX = async (world: World, leaseMs = LEASE_MS) => {
  await world.send(["x"]);
  return world.receipts({ leaseMs });
};

describe("receive", () => {
  it("gives at most max, as sent", async () => {
    const world = await World.open();
    await world.send(["a", "b", "c"]);
    await world.send(["d"]);
    expect(await world.texts({ max: 2 })).toEqual(["a", "b"]);
    expect(await world.texts({ max: 0 })).toEqual([]);
    expect(await world.texts({ max: 5 })).toEqual(["c", "d"]);
    expect(await world.texts()).toEqual([]);
  });

  it("waits for the first frame only, and for as long as it was told", async () => {
    const world = await World.open();
    const answered: string[][] = [];
    const wait = async () => answered.push(textsOf(await world.receive({ waitMs: 500 })));
    void wait();
    await world.clock.advance(499);
    expect(answered).toEqual([]);
    await world.clock.advance(1);
    expect(answered).toEqual([[]]);
    void wait();
    await world.send(["a", "b"]);
    await world.clock.settle();
    expect(answered).toEqual([[], ["a", "b"]]);
  });

  it.each<[string, number, (world: World) => Promise<unknown>]>([
    ["a send", 0, (world) => world.send(["x"])],
    ["a delayed send", 300, (world) => world.send([frame("x", { delayMs: 300 })])],
    ["a release", 0, (world) => takeX(world).then((receipts) => world.release(0, ...receipts))],
    ["a delayed release", 200, (world) => takeX(world).then((receipts) => world.release(200, ...receipts))],
    ["a lease", 700, (world) => takeX(world, 700)],
    ["a renewed lease", 900, (world) => takeX(world, 700).then((receipts) => world.renew(900, ...receipts))],
  ])("gets the frame of %s after %d ms", async (_, afterMs, happen) => {
    const world = await World.open();
    await happen(world);
    const waiting = world.receive({ waitMs: 5000 }).then((got) => [world.clock.now(), ...textsOf(got)]);
    await world.clock.advance(5000);
    expect(await waiting).toEqual([afterMs, "x"]);
  });

  it("is woken by what happens while it waits already", async () => {
    const world = await World.open();
    await world.send(["a", "b", "c", "d"]);
    const [a, b, c, d] = (await world.receipts()) as [never, never, never, never];
    const got: [number, string[]][] = [];
    const waitFor = async () => {
      for (let count = 0; count < 5; ) {
        const texts = textsOf(await world.receive({ waitMs: 10_000, leaseMs: 60_000 }));
        got.push([world.clock.now(), texts]);
        count += texts.length;
      }
    };
    const done = waitFor();
    await world.clock.advance(10);
    await world.release(0, d, c);
    await world.release(50, b);
    await world.send([frame("e", { delayMs: 20 })]);
    await world.clock.advance(LEASE_MS);
    await done;
    expect(await world.ack(a)).toEqual(["lost"]);
    expect(got).toEqual([
      [10, ["c", "d"]],
      [30, ["e"]],
      [60, ["b"]],
      [1000, ["a"]],
    ]);
    expect(world.clock.set.size).toBe(0);
  });

  it("serves those who wait in their order, each frame once", async () => {
    const world = await World.open();
    const waiting = Array.from({ length: 20 }, () => world.texts({ max: 3, waitMs: 100 }));
    await world.send(Array.from({ length: 50 }, (_, at) => `${at}`));
    await world.clock.advance(100);
    const answers = await Promise.all(waiting);
    expect(answers.map((texts) => texts.length)).toEqual([...Array<number>(16).fill(3), 2, 0, 0, 0]);
    expect(answers.flat()).toEqual(Array.from({ length: 50 }, (_, at) => `${at}`));
  });

  it("ends with nothing on an abort, loses nothing, and lets the next one have it", async () => {
    const world = await World.open();
    const abort = new AbortController();
    const waiting = world.receive({ waitMs: 5000 }, WORK, abort.signal);
    const behind = world.texts({ waitMs: 5000 });
    abort.abort();
    expect(await waiting).toEqual([]);
    await world.send(["a"]);
    expect(await behind).toEqual(["a"]);
    await world.send(["b"]);
    expect(await world.receive({}, WORK, abort.signal)).toEqual([]);
    expect(await world.texts()).toEqual(["b"]);
    expect(world.clock.set.size).toBe(0);
  });

  it("returns what was granted before an abort", async () => {
    const world = await World.open();
    const abort = new AbortController();
    const waiting = world.receive({ waitMs: 5000 }, WORK, abort.signal);
    const sending = world.send(["a"]);
    abort.abort();
    await sending;
    expect(textsOf(await waiting)).toEqual(["a"]);
    expect(await world.depth()).toBe("0/1/0");
  });

  it("sets one timer beside each wait, in the background, and only if something will be due", async () => {
    const world = await World.open();
    await world.send([frame("a", { delayMs: 800 }), "b", "c"]);
    const receipts = await world.receipts();
    expect(world.clock.set.size).toBe(0);
    const waiting = [world.receive({ waitMs: 100 }), world.receive({ waitMs: 200 })];
    expect([...world.clock.set].map(({ background }) => background).sort()).toEqual([false, false, true]);
    await world.clock.advance(200);
    await Promise.all(waiting);
    expect(world.clock.set.size).toBe(0);
    await world.ack(...receipts);
    await world.backend.purge(WORK, never);
    const idle = world.receive({ waitMs: 100 });
    expect([...world.clock.set]).toEqual([{ background: false }]);
    await world.clock.advance(100);
    await idle;
  });

  it("leaves no listener on its signal, however it ends", async () => {
    const world = await World.open();
    const abort = new AbortController();
    const waiting = [1, 2, 3].map((waitMs) => world.receive({ max: 1, waitMs }, WORK, abort.signal));
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(3);
    await world.send(["a"]);
    await world.clock.advance(2);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(1);
    abort.abort();
    expect((await Promise.all(waiting)).map((got) => got.length)).toEqual([1, 0, 0]);
  });

  it("waits on when a clock wakes it early", async () => {
    const world = await World.open();
    const { after } = world.clock;
    world.clock.after = (ms, run, background) => after.call(world.clock, Math.min(ms, 40), run, background);
    await world.send([frame("a", { delayMs: 150 })]);
    const at: number[] = [];
    const waits = [100, 500].map((waitMs) => world.texts({ waitMs }).finally(() => at.push(world.clock.now())));
    await world.clock.advance(500);
    expect(await Promise.all(waits)).toEqual([[], ["a"]]);
    expect(at[0]).toBe(100);
    expect(at[1]).toBeGreaterThanOrEqual(150);
    expect(at[1]).toBeLessThan(200);
  });
});
