import { describe, expect, it } from "vitest";
import type { Move, OutFrame, Queue, Receipt } from "../contract/index.ts";
import { DEAD, failureOf, frame, LEASE_MS, never, REPLY, textsOf, WORK, World } from "./testing.ts";

type Sends = readonly (readonly [Queue, OutFrame])[];
const moveOf = (receipts: readonly Receipt[], sends: Sends, ack = true): Move => ({
  receipts: receipts.map((receipt) => ({ receipt, ack })),
  sends: sends.map(([queue, one]) => ({ queue, frame: one })),
});
const NOBODY: Queue = { role: "reply", name: "nobody", of: "default" };
const start = async (...texts: string[]): Promise<[World, Receipt[]]> => {
  const world = await World.open();
  await world.send(texts);
  return [world, await world.receipts()];
};

describe("move", () => {
  it("acks and sends in one step, many receipts with many frames, and wakes who waits once", async () => {
    const [world, [a, b, c]] = (await start("a", "b", "c")) as [World, [Receipt, Receipt, Receipt]];
    const waiting = world.receive({ waitMs: 100 }, REPLY);
    const outcomes = await world.backend.move(
      [
        moveOf(
          [a, b],
          [
            [REPLY, frame("r1")],
            [DEAD, frame("d")],
          ],
        ),
        moveOf(
          [c],
          [
            [REPLY, frame("r2")],
            [WORK, frame("c'", { id: "c", first: false, delayMs: 30 })],
          ],
        ),
      ],
      never,
    );
    expect(outcomes).toEqual(["ok", "ok"]);
    expect(textsOf(await waiting)).toEqual(["r1", "r2"]);
    expect([await world.depth(), await world.depth(DEAD)]).toEqual(["0/0/1", "1/0/0"]);
    expect(await world.send(["a", "c"])).toEqual(["ok", "duplicate"]);
  });

  it("keeps the receipts that are only proven", async () => {
    const [world, [a]] = (await start("a")) as [World, [Receipt]];
    expect(await world.backend.move([moveOf([a], [[REPLY, frame("r")]], false)], never)).toEqual(["ok"]);
    expect(await world.ack(a)).toEqual(["ok"]);
  });

  it("does nothing when a receipt is lost, and names all that are; the other moves go on", async () => {
    const world = await World.open();
    await world.send(["a", "b", "c", "d"]);
    const [a, b] = (await world.receipts({ max: 2, leaseMs: 10 })) as [Receipt, Receipt];
    const [c, d] = (await world.receipts()) as [Receipt, Receipt];
    await world.clock.advance(10);
    const outcomes = await world.backend.move(
      [
        moveOf(
          [a, c, b],
          [
            [REPLY, frame("r1")],
            [NOBODY, frame("x")],
          ],
        ),
        moveOf([d], [[REPLY, frame("r2")]]),
      ],
      never,
    );
    expect(outcomes).toEqual([{ lost: [a, b] }, "ok"]);
    expect(await world.texts({}, REPLY)).toEqual(["r2"]);
    expect(await world.renew(LEASE_MS, c, d)).toEqual(["ok", "lost"]);
  });

  it("does nothing when a queue is gone, and names it once", async () => {
    const [world, [a, b]] = (await start("a", "b")) as [World, [Receipt, Receipt]];
    await world.backend.remove(DEAD, never);
    const outcomes = await world.backend.move(
      [
        moveOf(
          [a],
          [
            [REPLY, frame("r1")],
            [NOBODY, frame("x")],
            [DEAD, frame("d")],
            [NOBODY, frame("y")],
          ],
        ),
        moveOf([b], [[REPLY, frame("r2")]]),
      ],
      never,
    );
    expect(outcomes).toEqual([{ gone: [NOBODY, DEAD] }, "ok"]);
    expect(await world.ack(a)).toEqual(["ok"]);
    expect(await world.texts({}, REPLY)).toEqual(["r2"]);
  });

  it.each<[string, Queue, OutFrame]>([
    ["TOO_LARGE", REPLY, frame("x", { bytes: new Uint8Array(64 * 1024 * 1024 + 1) })],
    ["MISSING", { ...WORK, name: "other" }, frame("x")],
  ])("does nothing when a frame cannot be sent: %s", async (code, queue, one) => {
    const world = await World.open({}, false);
    await world.send(["a"]);
    const [a] = (await world.receipts()) as [Receipt];
    const [outcome] = await world.backend.move(
      [
        moveOf(
          [a],
          [
            [REPLY, frame("r")],
            [queue, one],
          ],
        ),
      ],
      never,
    );
    expect(failureOf(outcome)).toMatch(new RegExp(`^${code}: `));
    expect(await world.depth(REPLY)).toBe("0/0/0");
    expect(await world.ack(a)).toEqual(["ok"]);
  });

  it("acks a receipt that stands twice once, and a later move of the same call has lost it", async () => {
    const [world, [a]] = (await start("a")) as [World, [Receipt]];
    const moves = [moveOf([a, a], [[REPLY, frame("r1")]]), moveOf([a], [[REPLY, frame("r2")]])];
    expect(await world.backend.move(moves, never)).toEqual(["ok", { lost: [a] }]);
    expect(await world.depth()).toBe("0/0/0");
    expect(await world.texts({}, REPLY)).toEqual(["r1"]);
  });

  it("is refused neither as a duplicate nor by a bound", async () => {
    const world = await World.open({ maxTasks: 1 });
    await world.send(["a"], DEAD);
    await world.send(["a"]);
    const receipts = await world.receipts({}, DEAD);
    expect(await world.backend.move([moveOf(receipts, [[WORK, frame("a")]])], never)).toEqual(["ok"]);
    expect(await world.texts()).toEqual(["a", "a"]);
  });
});
