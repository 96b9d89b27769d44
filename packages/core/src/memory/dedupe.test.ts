import { describe, expect, it } from "vitest";
import type { OutFrame, Queue, Receipt } from "../contract/index.ts";
import { DEAD, frame, LATER, LEASE_MS, never, REPLY, WORK, World } from "./testing.ts";

const copy = (id: string, more: Partial<OutFrame> = {}) => frame(`${id}'`, { id, first: false, ...more });
const isTaken = async (world: World, id: string, queue: Queue = WORK) => (await world.send([frame(id)], queue))[0];

describe("dedupe", () => {
  it("refuses a first frame while its id is ready, leased, delayed or lost, and takes it after the ack", async () => {
    const world = await World.open();
    expect(await world.send(["a", "a", frame("b", { delayMs: 50 }), "b"])).toEqual([
      "ok",
      "duplicate",
      "ok",
      "duplicate",
    ]);
    const [a] = (await world.receipts()) as [Receipt];
    expect(await isTaken(world, "a")).toBe("duplicate");
    await world.release(10, a);
    expect(await isTaken(world, "a")).toBe("duplicate");
    await world.clock.advance(50);
    await world.receipts({ leaseMs: 10 });
    await world.clock.advance(10);
    expect(await isTaken(world, "a")).toBe("duplicate");
    expect(await world.ack(...(await world.receipts()))).toEqual(["ok", "ok"]);
    expect(await world.send(["a", "b"])).toEqual(["ok", "ok"]);
  });

  it("keeps an id taken by its copies, which are never refused, until the last is gone", async () => {
    const world = await World.open();
    await world.send(["a"]);
    expect(await world.send([copy("a"), copy("a", { delayMs: 20 })])).toEqual(["ok", "ok"]);
    expect(await world.send([copy("a")], LATER)).toEqual(["ok"]);
    await world.clock.advance(20);
    for (const queue of [WORK, WORK, WORK, LATER]) {
      expect(await isTaken(world, "a")).toBe("duplicate");
      await world.ack(...(await world.receipts({ max: 1 }, queue)));
    }
    expect(await isTaken(world, "a")).toBe("ok");
  });

  it("holds over the lanes and the later queue of one family, not beyond", async () => {
    const world = await World.open();
    await world.send(["a"]);
    await world.send(["b"], LATER);
    expect(await isTaken(world, "a", { ...WORK, name: "high" })).toBe("duplicate");
    expect(await isTaken(world, "a", LATER)).toBe("duplicate");
    expect(await isTaken(world, "b")).toBe("duplicate");
    expect(await isTaken(world, "a", { ...WORK, of: "elsewhere" })).toBe("ok");
  });

  it("knows nothing of replies and dead letters, nor asks for their ids", async () => {
    const world = await World.open();
    const silent = (text: string): OutFrame => ({
      ...frame(text),
      get id(): string {
        throw new Error("the id of a reply is not needed");
      },
    });
    for (const queue of [DEAD, REPLY])
      expect(await world.send([silent("r"), silent("r")], queue)).toEqual(["ok", "ok"]);
    expect(await world.send(["a"], DEAD)).toEqual(["ok"]);
    expect(await isTaken(world, "a")).toBe("ok");
  });

  it("asks a frame for its id once", async () => {
    const world = await World.open();
    let asked = 0;
    const counted: OutFrame = {
      ...frame("a"),
      get id(): string {
        asked += 1;
        return "a";
      },
    };
    await world.send([counted]);
    await world.ack(...(await world.receipts()));
    expect(asked).toBe(1);
  });

  it("frees the ids of what is purged and removed", async () => {
    const world = await World.open();
    await world.send(["a", frame("b", { delayMs: 50 }), "c"]);
    await world.receipts({ max: 1 });
    expect(await world.backend.purge(WORK, never)).toBe(2);
    expect(await world.send(["a", "b", "c"])).toEqual(["duplicate", "ok", "ok"]);
    await world.backend.remove(WORK, never);
    const open = { receive: [WORK], send: [], create: true, leaseMs: LEASE_MS, clock: world.clock };
    await world.backend.open(open, never);
    expect(await world.send(["a", "b", "c"])).toEqual(["ok", "ok", "ok"]);
  });
});

describe("bounds", () => {
  const big = (text: string, bytes: number, more: Partial<OutFrame> = {}) =>
    frame(text, { bytes: new Uint8Array(bytes), ...more });

  it("refuse a first frame beyond maxTasks, item by item, and take it when there is room again", async () => {
    const world = await World.open({ maxTasks: 2 });
    const full = "QUEUE_FULL: the memory backend is full: maxTasks is 2, and so many are held";
    expect(await world.send(["a", frame("b", { delayMs: 10 }), "c", "a"])).toEqual(["ok", "ok", full, "duplicate"]);
    expect(await world.send(["d"], { ...WORK, of: "elsewhere" })).toEqual([full]);
    const receipts = await world.receipts();
    expect(await world.send(["c"])).toEqual([full]);
    await world.ack(...receipts);
    expect(await world.send(["c", "d"])).toEqual(["ok", full]);
  });

  it("refuse a first frame beyond maxBytes", async () => {
    const world = await World.open({ maxBytes: 100 });
    const full = "QUEUE_FULL: the memory backend is full: maxBytes is 100; 60 are held, and 41 more do not fit";
    expect(await world.send([big("a", 60), big("b", 41), big("c", 40)])).toEqual(["ok", full, "ok"]);
    await world.backend.purge(WORK, never);
    expect(await world.send([big("b", 100)])).toEqual(["ok"]);
  });

  it("never refuse copies, replies and dead letters, but count the copies", async () => {
    const world = await World.open({ maxTasks: 1 });
    expect(await world.send([copy("a"), copy("b")])).toEqual(["ok", "ok"]);
    for (const queue of [DEAD, REPLY]) expect(await world.send(["x", "y"], queue)).toEqual(["ok", "ok"]);
    await world.ack(...(await world.receipts({ max: 1 })));
    expect(await world.send(["c"])).toEqual([expect.stringContaining("QUEUE_FULL")]);
    await world.ack(...(await world.receipts({ max: 1 })));
    expect(await world.send(["c"])).toEqual(["ok"]);
  });

  it("of one frame are exact, and hold in every queue", async () => {
    const world = await World.open();
    const { frameBytes } = world.backend.profile.limits;
    const over = `TOO_LARGE: a frame of ${frameBytes + 1} bytes is above the limit of ${frameBytes}`;
    for (const queue of [WORK, REPLY]) {
      const sent = [big("a", frameBytes), big("b", frameBytes + 1), frame("c")];
      expect(await world.send(sent, queue)).toEqual(["ok", over, "ok"]);
    }
  });
});
