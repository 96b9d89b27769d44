import { describe, expect, it } from "vitest";
import type { Receipt } from "../contract/index.ts";
import { frame, LEASE_MS, REPLY, textsOf, WORK, World } from "./testing.ts";

const sendAndTake = async (...texts: string[]): Promise<[World, Receipt[]]> => {
  const world = await World.open();
  await world.send(texts);
  return [world, await world.receipts()];
};

describe("lease", () => {
  it("ends exactly when it is over, not before", async () => {
    const [world, [receipt]] = await sendAndTake("a");
    await world.clock.advance(LEASE_MS - 1);
    expect(await world.receive()).toEqual([]);
    expect(await world.renew(1, receipt as Receipt)).toEqual(["ok"]);
    await world.clock.advance(1);
    expect(await world.renew(LEASE_MS, receipt as Receipt)).toEqual(["lost"]);
    expect(await world.ack(receipt as Receipt)).toEqual(["lost"]);
    const [again] = await world.receive();
    expect(again).toMatchObject({ redelivery: 1, receipt: { queue: WORK } });
    expect(await world.ack(receipt as Receipt)).toEqual(["lost"]);
    expect(await world.depth()).toBe("0/1/0");
    expect(await world.ack(again?.receipt as Receipt)).toEqual(["ok"]);
    expect(await world.depth()).toBe("0/0/0");
  });

  it("is kept for as long as it is renewed, each time from now on, and never shortened", async () => {
    const [world, [a, b]] = (await sendAndTake("a", "b")) as [World, [Receipt, Receipt]];
    for (let round = 0; round < 6; round += 1) {
      await world.clock.advance(LEASE_MS / 2);
      expect(await world.renew(LEASE_MS, a)).toEqual(["ok"]);
    }
    expect(await world.texts()).toEqual(["b"]);
    expect(await world.renew(LEASE_MS, b, a)).toEqual(["lost", "ok"]);
    expect(await world.renew(10, a)).toEqual(["ok"]);
    await world.clock.advance(LEASE_MS - 1);
    expect(await world.renew(LEASE_MS, a)).toEqual(["ok"]);
  });

  it("counts losses, and nothing else, in redelivery", async () => {
    const world = await World.open();
    await world.send(["a"]);
    const counts: (number | undefined)[] = [];
    for (const end of ["release", "lose", "release", "delay", "lose", "lose", "see"]) {
      const [delivery] = await world.receive();
      counts.push(delivery?.redelivery);
      if (end === "release") await world.release(0, delivery?.receipt as Receipt);
      if (end === "delay") await world.release(5, delivery?.receipt as Receipt);
      await world.clock.advance(end === "lose" ? LEASE_MS : 5);
    }
    expect(counts).toEqual([0, 0, 1, 1, 1, 2, 3]);
  });

  it("puts back what expired before what came later, as it was sent, whatever the lease times were", async () => {
    const world = await World.open();
    await world.send(["a", "b", "c", "d", "e"]);
    for (const leaseMs of [300, 100, 200]) await world.receive({ max: 1, leaseMs });
    await world.clock.advance(300);
    expect(await world.texts()).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("of a short time ends before a long one that was given earlier", async () => {
    const world = await World.open();
    await world.send(["long", "short"]);
    await world.receive({ max: 1, leaseMs: 500 });
    await world.receive({ max: 1, leaseMs: 100 });
    await world.clock.advance(100);
    expect(await world.texts()).toEqual(["short"]);
  });

  it("costs no list for each of many different times", async () => {
    const world = await World.open();
    const texts = Array.from({ length: 100 }, (_, at) => `${at}`);
    await world.send(texts);
    const receipts: Receipt[] = [];
    for (let at = 0; at < 100; at += 1) receipts.push(...(await world.receipts({ max: 1, leaseMs: 1000 - at })));
    expect(await world.ack(...receipts.slice(0, 50))).toEqual(Array(50).fill("ok"));
    await world.clock.advance(1000);
    expect(await world.texts()).toEqual(texts.slice(50));
  });

  it("lets go of the frame when it ends", async () => {
    const [world, [a, b]] = (await sendAndTake("a", "b")) as [World, [Receipt, Receipt]];
    await world.ack(a);
    await world.clock.advance(LEASE_MS);
    await world.texts();
    for (const receipt of [a, b])
      expect(receipt).toMatchObject({ frame: undefined, previous: undefined, next: undefined });
  });
});

describe("settle", () => {
  it("twice is ok or lost, and without effect", async () => {
    const [world, [a, b]] = (await sendAndTake("a", "b", "c")) as [World, [Receipt, Receipt]];
    expect(await world.ack(a, a)).toEqual(["ok", "lost"]);
    expect(await world.release(0, a, b, b)).toEqual(["lost", "ok", "lost"]);
    expect(await world.renew(LEASE_MS, a, b)).toEqual(["lost", "lost"]);
    expect(await world.texts()).toEqual(["b"]);
    expect(await world.ack(b)).toEqual(["lost"]);
  });

  it("does not know receipts that it never gave", async () => {
    const [world, [a]] = (await sendAndTake("a")) as [World, [Receipt]];
    expect(await world.ack({ queue: WORK }, { ...a })).toEqual(["lost", "lost"]);
  });

  it("takes receipts of several queues and kinds, and answers in their order", async () => {
    const world = await World.open();
    await world.send(["a", "b", "c"]);
    await world.send(["r"], REPLY);
    const [a, b, c] = (await world.receipts()) as [Receipt, Receipt, Receipt];
    const [r] = (await world.receipts({ leaseMs: 10 }, REPLY)) as [Receipt];
    await world.clock.advance(10);
    const signal = new AbortController().signal;
    const outcomes = await world.backend.settle(
      [
        { kind: "release", receipt: c, delayMs: 0 },
        { kind: "ack", receipt: r },
        { kind: "ack", receipt: b },
        { kind: "release", receipt: a, delayMs: 100 },
      ],
      signal,
    );
    expect(outcomes).toEqual(["ok", "lost", "ok", "ok"]);
    expect(await world.depth()).toBe("1/0/1");
    expect(await world.texts()).toEqual(["c"]);
    expect(await world.texts({}, REPLY)).toEqual(["r"]);
  });

  it.each([
    ["at once", (world: World, receipts: Receipt[]) => world.release(0, ...receipts)],
    [
      "one by one",
      async (world: World, receipts: Receipt[]) => {
        for (const receipt of receipts) await world.release(0, receipt);
      },
    ],
    ["backwards", (world: World, receipts: Receipt[]) => world.release(0, ...receipts.toReversed())],
  ])("puts what is released before what came later, as it was sent: %s", async (_, release) => {
    const world = await World.open();
    await world.send(["a", "b", "c", "d"]);
    await release(world, await world.receipts({ max: 3 }));
    await world.send(["e"]);
    expect(await world.texts()).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("keeps the priority of what is released", async () => {
    const world = await World.open();
    await world.send([frame("low", { priority: 1 }), frame("high", { priority: 9 })]);
    const deliveries = await world.receive();
    await world.release(0, ...deliveries.map(({ receipt }) => receipt));
    await world.send([frame("middle")]);
    expect(textsOf(await world.receive())).toEqual(["high", "middle", "low"]);
  });
});

describe("delay", () => {
  it("of a send and of a release is never too short; then frames come by due time, behind what is ready", async () => {
    const world = await World.open();
    await world.send(["a", frame("b", { delayMs: 300 }), frame("c", { delayMs: 100 }), frame("d", { delayMs: 100 })]);
    const [a] = (await world.receipts()) as [Receipt];
    await world.release(200, a);
    await world.clock.advance(99);
    expect(await world.texts()).toEqual([]);
    expect(await world.depth()).toBe("0/0/4");
    await world.send(["e"]);
    await world.clock.advance(1);
    expect(await world.depth()).toBe("3/0/2");
    await world.clock.advance(200);
    await world.send(["f"]);
    expect(await world.texts()).toEqual(["e", "c", "d", "a", "b", "f"]);
  });

  it("counts as waiting from when it was over: what comes back stands where it became ready", async () => {
    const world = await World.open();
    await world.send([frame("delayed", { delayMs: 10 }), "a"]);
    await world.clock.advance(10);
    await world.release(0, ...(await world.receipts()));
    expect(await world.texts()).toEqual(["a", "delayed"]);
  });

  it("reaches over 40 days", async () => {
    const world = await World.open();
    const days = 40 * 86_400_000;
    await world.send([frame("a", { delayMs: days })]);
    const waiting = world.texts({ waitMs: days + 1 });
    await world.clock.advance(days);
    expect(await waiting).toEqual(["a"]);
  });
});

describe("priority", () => {
  it("is strict, fifo within, and clamped to 0–10", async () => {
    const world = await World.open();
    await world.send([3, 10, 0, 7, 3, -4, 99, 7].map((priority, at) => frame(`${at}:${priority}`, { priority })));
    expect(await world.texts()).toEqual(["1:10", "6:99", "3:7", "7:7", "0:3", "4:3", "2:0", "5:-4"]);
  });

  it("never starves: of 16 grants one goes to what has waited longest", async () => {
    const world = await World.open();
    await world.send([frame("low", { priority: 0 })]);
    let taken = 0;
    for (let round = 1; ; round += 1) {
      await world.send([frame(`high ${round}`, { priority: 10 }), frame(`higher ${round}`, { priority: 10 })]);
      taken += 1;
      if ((await world.texts({ max: 1 }))[0] === "low") break;
      expect(round).toBeLessThan(16);
    }
    expect(taken).toBe(16);
  });
});
