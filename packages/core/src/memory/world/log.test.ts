import { describe, expect, it } from "vitest";
import { Bench, counted, frame, LEASE_MS, never, REPLY, textsOf, WORK } from "./testing.ts";

const DETECTION_MS = 10_000;
const ONE = { mechanics: { partitions: 1 } } as const;

const open = (mechanics: { readonly partitions?: number; readonly windowOffsets?: number } = ONE.mechanics) =>
  Bench.open("kafka", { mechanics });

describe("the grant mark of a log", () => {
  it("counts what a member that is gone had in hand as lost, and nothing else", async () => {
    const bench = await open();
    await bench.send(["a", "b", "c", "d"]);
    const [a] = await bench.take({ max: 2 });
    await bench.ack(a === undefined ? [] : a);
    await bench.clock.advance(1_000);
    const other = await bench.another();
    bench.first.kill();
    expect(counted(await bench.take({ waitMs: DETECTION_MS * 2 }, other))).toEqual(["b×1", "c×0", "d×0"]);
  });

  it("counts nothing at a rebalance: who had it is still there", async () => {
    const bench = await open({ partitions: 2 });
    const texts = ["a", "b", "c", "d"];
    await bench.send(texts);
    const held = await bench.take();
    const other = await bench.another();
    const theirs = await bench.takeAll(other);
    expect(theirs.length).toBe(2);
    expect(theirs.every(({ redelivery }) => redelivery === 0)).toBe(true);
    const moved = textsOf(theirs);
    expect(await bench.ack(held)).toEqual(textsOf(held).map((text) => (moved.includes(text) ? "lost" : "ok")));
    expect(await bench.ack(theirs, other)).toEqual(["ok", "ok"]);
  });

  it("counts nothing after an orderly close", async () => {
    const bench = await open();
    await bench.send(["a", "b"]);
    await bench.take();
    const other = await bench.another();
    await bench.until(bench.first.close());
    expect(counted(await bench.take({}, other))).toEqual(["a×0", "b×0"]);
  });

  it("counts nothing where it was this process itself, thrown out and back under another id", async () => {
    const bench = await open();
    await bench.send(["a"]);
    await bench.take();
    bench.first.cut();
    await bench.clock.advance(1_000);
    expect(counted(await bench.take())).toEqual(["a×0"]);
  });

  it("keeps a loss that nobody was handed since, when the next holder is lost as well", async () => {
    const bench = await open();
    await bench.send(["a", "b", "c"]);
    await bench.take();
    const second = await bench.another();
    const third = await bench.another();
    bench.first.kill();
    await bench.clock.advance(DETECTION_MS);
    expect(counted(await bench.take({ max: 1, waitMs: 1_000 }, second))).toEqual(["a×1"]);
    second.kill();
    expect(counted(await bench.take({ waitMs: DETECTION_MS * 2 }, third))).toEqual(["a×1", "b×1", "c×1"]);
  });

  it("counts a delivery that its own holder did not renew", async () => {
    const bench = await open();
    await bench.send(["a", "b"]);
    const [, b] = await bench.take();
    await bench.clock.advance(LEASE_MS / 2);
    if (b !== undefined) await bench.renew(b);
    expect(counted(await bench.take({ waitMs: LEASE_MS * 0.8 }))).toEqual(["a×1"]);
  });
});

describe("commits of a log", () => {
  it("come with a lag: what was acked since the last one is done again after a crash", async () => {
    const bench = await open();
    await bench.send(["a", "b", "c"]);
    const held = await bench.takeAll();
    const other = await bench.another();
    await bench.ack(held.slice(1, 2));
    await bench.clock.advance(1_000);
    await bench.ack(held.slice(0, 1));
    await bench.clock.advance(999);
    bench.first.kill();
    expect(counted(await bench.take({ waitMs: DETECTION_MS * 2 }, other))).toEqual(["a×1", "c×1"]);
  });

  it("know what is done above the watermark", async () => {
    const bench = await open();
    const texts = Array.from({ length: 50 }, (_, at) => `frame-${String(at).padStart(2, "0")}`);
    await bench.send(texts);
    const held = await bench.take({ max: 50 });
    await bench.ack(held.filter((_, at) => at % 3 !== 0));
    const other = await bench.another();
    await bench.until(bench.first.close());
    expect(textsOf(await bench.takeAll(other))).toEqual(texts.filter((_, at) => at % 3 === 0));
  });

  it("are written before a rebalance takes the partitions away", async () => {
    const bench = await open({ partitions: 2 });
    await bench.send(["a", "b", "c", "d"]);
    await bench.ack(await bench.takeAll());
    const other = await bench.another();
    expect(await bench.takeAll(other)).toEqual([]);
    expect(await bench.takeAll()).toEqual([]);
  });

  it("of a member that was thrown out are refused, and what it did is done again", async () => {
    const bench = await open();
    await bench.send(["a"]);
    const held = await bench.take({ leaseMs: 60_000 });
    const other = await bench.another();
    bench.first.freeze();
    const again = await bench.take({ waitMs: DETECTION_MS * 2 }, other);
    expect(counted(again)).toEqual(["a×1"]);
    bench.first.thaw();
    await bench.clock.advance(1_000);
    expect(await bench.ack(held)).toEqual(["lost"]);
    expect(await bench.ack(again, other)).toEqual(["ok"]);
  });

  it("are written by depth first, so that it is true for what this session did", async () => {
    const bench = await open();
    await bench.send(["a", "b", "c"]);
    await bench.ack((await bench.take({ max: 2 })).slice(1));
    expect(await bench.first.depth?.(WORK, never)).toEqual({ ready: 1, leased: 1, delayed: 0, exact: false });
    const page = await bench.first.browse?.(WORK, { max: 10 }, never);
    expect(page?.frames.map((one) => `${textsOf([one])[0]} ${one.state}`)).toEqual(["a leased", "c ready"]);
  });
});

describe("the retention of a log", () => {
  it("keeps tasks, and replies for so long", async () => {
    const bench = await Bench.open("kafka", { profile: { replyRetentionMs: 60_000 } });
    await bench.send(["task"]);
    await bench.send(["old"], REPLY);
    await bench.clock.advance(59_000);
    await bench.send(["new"], REPLY);
    await bench.clock.advance(1_000);
    expect(textsOf(await bench.takeAll(bench.first, REPLY))).toEqual(["new"]);
    await bench.clock.advance(1_000_000_000);
    expect(textsOf(await bench.takeAll())).toEqual(["task"]);
  });

  it("ends at a purge for all but what is in hand", async () => {
    const bench = await open();
    await bench.send(["a", "b", "c"]);
    const held = await bench.take({ max: 1 });
    expect(await bench.first.purge?.(WORK, never)).toBe(2);
    expect(await bench.take()).toEqual([]);
    expect(await bench.release(held)).toEqual(["ok"]);
    expect(textsOf(await bench.takeAll())).toEqual(["a"]);
  });
});

describe("the window of a log", () => {
  it("is held up by a task that does not end, and by nothing else", async () => {
    const bench = await open({ partitions: 1, windowOffsets: 10 });
    await bench.send(Array.from({ length: 30 }, (_, at) => String(at)));
    const first = await bench.take({ max: 20, leaseMs: 600_000 });
    expect(first.length).toBe(10);
    await bench.ack(first.slice(1));
    expect(await bench.take({ waitMs: 0 })).toEqual([]);
    await bench.ack(first.slice(0, 1));
    expect((await bench.take({ max: 20 })).length).toBe(10);
  });
});

describe("the partitions of a log", () => {
  it("are shared evenly, and a member that comes or goes moves few", async () => {
    const bench = await open({ partitions: 6 });
    const sessions = [bench.first, await bench.another(), await bench.another()];
    for (const session of sessions) await bench.take({ waitMs: 0 }, session);
    await bench.send(Array.from({ length: 60 }, (_, at) => String(at)));
    const counts = [];
    for (const session of sessions) counts.push((await bench.take({ max: 100 }, session)).length);
    expect(counts).toEqual([20, 20, 20]);
  });

  it("of a session that takes nothing are nobody else's, until it leaves for that", async () => {
    const bench = await open({ partitions: 2 });
    const other = await bench.another();
    for (const session of [bench.first, other]) await bench.take({ waitMs: 0 }, session);
    await bench.send(["a", "b"]);
    const mine = await bench.takeAll(other);
    expect(mine.length).toBe(1);
    await bench.ack(mine, other);
    expect((await bench.take({ waitMs: 60_000 }, other)).length).toBe(1);
    expect(bench.clock.now()).toBe(5_000);
  });

  it("are given up at max 0, when nothing is in hand any more", async () => {
    const bench = await open({ partitions: 1 });
    const other = await bench.another();
    await bench.send(["a", "b"]);
    const held = await bench.take({ max: 1, leaseMs: 60_000 });
    await bench.take({ max: 0 });
    expect(await bench.take({ waitMs: 30_000 }, other)).toEqual([]);
    const waiting = other.receive(WORK, { max: 5, waitMs: 30_000, leaseMs: LEASE_MS }, never);
    await bench.clock.settle();
    expect(await bench.ack(held)).toEqual(["ok"]);
    expect(counted(await bench.until(waiting))).toEqual(["b×0"]);
    expect(bench.clock.now()).toBe(30_000);
  });

  it("stay with a session that holds something, however long it receives nothing", async () => {
    const bench = await open({ partitions: 1 });
    await bench.send(["a"]);
    const held = await bench.take({ leaseMs: 600_000 });
    const other = await bench.another();
    expect(await bench.take({ waitMs: 60_000 }, other)).toEqual([]);
    expect(await bench.ack(held)).toEqual(["ok"]);
  });

  it("keep a key together", async () => {
    const bench = await open({ partitions: 3 });
    await bench.send(Array.from({ length: 30 }, (_, at) => frame(String(at), { key: "one" })));
    const got = await bench.take({ max: 30 });
    expect(textsOf(got)).toEqual(Array.from({ length: 30 }, (_, at) => String(at)));
  });
});

it("what a member reads in a rebalance of which it has not heard yet comes all the same", async () => {
  const bench = await Bench.open("kafka");
  const waiting = bench.first.receive(WORK, { max: 2, waitMs: 500, leaseMs: LEASE_MS }, never);
  await bench.clock.advance(10);
  bench.first.freeze();
  const sender = await bench.another(REPLY);
  await bench.send(["a", "b", "c"], WORK, sender);
  const other = await bench.another(WORK);
  await bench.take({}, other);
  // It hears of the frames first, and of its new generation after that.
  bench.first.thaw();
  const got = [...(await bench.until(waiting))];
  for (let round = 0; round < 3; round += 1)
    for (const session of [bench.first, other]) got.push(...(await bench.take({}, session)));
  expect(textsOf(got).sort()).toEqual(["a", "b", "c"]);
});
