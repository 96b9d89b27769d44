import { describe, expect, it } from "vitest";
import type { Queue } from "../contract/index.ts";
import { memory } from "./index.ts";
import { DEAD, frame, LEASE_MS, never, REPLY, textsOf, WORK, World } from "./testing.ts";

const other = (role: Queue["role"]): Queue => ({ role, name: "other", of: "default" });
const missing = (role: string) =>
  expect.objectContaining({
    code: "MISSING",
    message: `there is no ${role} queue "default/other" in "dispatch", and none may be made`,
  });

describe("queues", () => {
  it("are equal by their names, not as objects, and apart from each other", async () => {
    const world = await World.open();
    await world.send(["a"], { ...WORK });
    await world.send(["b"], DEAD);
    await world.send(["c"], { ...WORK, of: "elsewhere" });
    expect(await world.texts()).toEqual(["a"]);
    expect(await world.texts({}, DEAD)).toEqual(["b"]);
    expect(await world.texts({}, { ...WORK, of: "elsewhere" })).toEqual(["c"]);
  });

  it("of two backends are two worlds, also for receipts", async () => {
    const [one, two] = [await World.open(), await World.open()];
    await one.send(["a"]);
    expect(await two.texts()).toEqual([]);
    const receipts = await one.receipts();
    expect(await two.ack(...receipts)).toEqual(["lost"]);
    expect(await one.ack(...receipts)).toEqual(["ok"]);
  });

  it("keep what was sent when opened again, and take what is added", async () => {
    const world = await World.open({}, false);
    await world.send(["a"]);
    const open = { receive: [WORK, other("work")], send: [], create: false, leaseMs: LEASE_MS, clock: world.clock };
    await world.backend.open(open, never);
    expect(await world.texts()).toEqual(["a"]);
    expect(await world.send(["b"], other("work"))).toEqual(["ok"]);
  });

  it.each(["work", "dead", "later", "tier"] as const)("that nobody opened are made, or missing (%s)", async (role) => {
    const maker = await World.open();
    expect(await maker.send(["a"], other(role))).toEqual(["ok"]);
    expect(await maker.texts({}, other(role))).toEqual(["a"]);
    const world = await World.open({}, false);
    await expect(world.send(["a"], other(role))).rejects.toThrow(missing(role));
    await expect(world.receive({}, other(role))).rejects.toThrow(missing(role));
    await expect(world.depth(other(role))).rejects.toThrow(missing(role));
  });

  it("that reply to nobody are gone", async () => {
    const world = await World.open();
    expect(await world.send(["a", "b"], other("reply"))).toEqual(["gone", "gone"]);
    await expect(world.receive({}, other("reply"))).rejects.toThrow(missing("reply"));
  });

  it.each([REPLY, WORK])("that were removed are gone until they are opened again: $role", async (queue) => {
    const world = await World.open();
    await world.send(["a", "b"], queue);
    const [held] = await world.receipts({ max: 1 }, queue);
    await world.backend.remove(queue, never);
    expect(await world.send(["c"], queue)).toEqual(["gone"]);
    expect(await world.ack(held as never)).toEqual(["lost"]);
    const open = { receive: [queue], send: [], create: true, leaseMs: LEASE_MS, clock: world.clock };
    await world.backend.open(open, never);
    expect(await world.depth(queue)).toBe("0/0/0");
    expect(await world.send(["a"], queue)).toEqual(["ok"]);
    expect(await world.texts({}, queue)).toEqual(["a"]);
  });

  it("end the waiting of their receivers when they are removed; removing nothing is fine", async () => {
    const world = await World.open();
    const waiting = world.receive({ waitMs: 5000 }, REPLY);
    await world.backend.remove(REPLY, never);
    expect(await waiting).toEqual([]);
    expect(world.clock.set.size).toBe(0);
    await world.backend.remove(REPLY, never);
  });
});

describe("close", () => {
  it("ends waiting with nothing, leaves no timer, and every later verb is CLOSED", async () => {
    const world = await World.open();
    const { backend } = world;
    await world.send(["a"]);
    const [held] = await world.receipts();
    const waiting = [world.receive({ waitMs: 5000 }), world.receive({ waitMs: 5000 }, REPLY)];
    await Promise.all([backend.close(), backend.close(), backend[Symbol.asyncDispose]()]);
    expect(await Promise.all(waiting)).toEqual([[], []]);
    expect(world.clock.set.size).toBe(0);
    const open = { receive: [], send: [], create: true, leaseMs: LEASE_MS, clock: world.clock };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => backend.open(open, never),
      () => backend.send(WORK, [frame("a")], never),
      () => world.receive(),
      () => world.renew(LEASE_MS, held as never),
      () => world.ack(held as never),
      () => backend.move([], never),
      () => backend.depth(WORK, never),
      () => backend.browse(WORK, { max: 1 }, never),
      () => backend.purge(WORK, never),
      () => backend.remove(WORK, never),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(expect.objectContaining({ code: "CLOSED" }));
  });

  it("is also what a backend is before it was opened", async () => {
    await expect(memory().send(WORK, [], never)).rejects.toThrow("was not opened");
  });
});

describe("bytes", () => {
  it("come out as they went in", async () => {
    const world = await World.open();
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await world.send([frame("a", { bytes: all }), frame("b", { bytes: new Uint8Array(0) }), frame("ü€😀")]);
    const deliveries = await world.receive();
    expect(deliveries[0]?.bytes).toEqual(all);
    expect(deliveries[1]?.bytes).toHaveLength(0);
    expect(textsOf(deliveries)[2]).toBe("ü€😀");
  });
});
