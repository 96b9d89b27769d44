import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import { Reconnector, reconnectMs } from "./reconnector.ts";

const never = new AbortController().signal;

function setUp() {
  const clock = new VirtualClock();
  const opened: [string, number][] = [];
  const tries: number[] = [];
  const world = { isUp: true, count: 0 };
  const reconnector = new Reconnector<string>({
    clock,
    async connect(signal) {
      tries.push(clock.now());
      await Promise.resolve();
      if (signal.aborted) throw signal.reason;
      if (!world.isUp) throw new Error("refused");
      world.count += 1;
      return `connection ${world.count}`;
    },
    opened: (connection, epoch) => void opened.push([connection, epoch]),
  });
  return { clock, opened, tries, world, reconnector };
}

describe("a reconnector", () => {
  it("gives the first connection to all who ask for it", async () => {
    const { opened, reconnector } = setUp();
    expect(await Promise.all([reconnector.start(never), reconnector.start(never)])).toEqual([
      "connection 1",
      "connection 1",
    ]);
    expect([opened, reconnector.epoch, reconnector.current]).toEqual([[["connection 1", 1]], 1, "connection 1"]);
  });

  it("leaves a first try that fails to its caller", async () => {
    const { clock, tries, world, reconnector } = setUp();
    world.isUp = false;
    await expect(reconnector.start(never)).rejects.toThrow("refused");
    await clock.advance(60_000);
    expect([tries, reconnector.epoch]).toEqual([[0], 0]);
    world.isUp = true;
    expect(await reconnector.start(never)).toBe("connection 1");
  });

  it("connects again after a loss, with back-off for as long as it takes, as a new epoch", async () => {
    const { clock, opened, tries, world, reconnector } = setUp();
    await reconnector.start(never);
    world.isUp = false;
    reconnector.lost(1, new Error("reset"));
    expect([reconnector.current, String(reconnector.reason)]).toEqual([undefined, "Error: reset"]);
    await expect(reconnector.start(never)).rejects.toThrow("reset");
    await clock.advance(3_600_000);
    expect(tries.slice(0, 6)).toEqual([0, 100, 300, 700, 1_500, 3_100]);
    expect(Math.max(...tries.slice(1).map((at, index) => at - (tries[index] as number)))).toBe(5_000);
    world.isUp = true;
    await clock.advance(5_000);
    expect([reconnector.current, opened.at(-1)]).toEqual(["connection 2", ["connection 2", 2]]);
  });

  it("takes no notice of what an earlier epoch says", async () => {
    const { clock, reconnector } = setUp();
    await reconnector.start(never);
    reconnector.lost(1, new Error("reset"));
    await clock.advance(100);
    reconnector.lost(1, new Error("reset, heard again"));
    expect([reconnector.current, reconnector.epoch]).toEqual(["connection 2", 2]);
  });

  it("tries no more after close", async () => {
    const { clock, tries, reconnector } = setUp();
    await reconnector.start(never);
    reconnector.lost(1, new Error("reset"));
    expect(reconnector.close()).toBeUndefined();
    await clock.advance(60_000);
    expect(tries).toEqual([0]);
  });

  it("gives up a first try when its caller's signal fires", async () => {
    const { reconnector } = setUp();
    await expect(reconnector.start(AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  });

  it("begins another first try for those whose signals have not fired", async () => {
    const { tries, reconnector } = setUp();
    const hurry = new AbortController();
    const both = [reconnector.start(hurry.signal), reconnector.start(never)];
    hurry.abort(new Error("too late"));
    expect(await Promise.allSettled(both)).toEqual([
      { status: "rejected", reason: new Error("too late") },
      { status: "fulfilled", value: "connection 1" },
    ]);
    expect(tries).toHaveLength(2);
  });

  it("waits 100 ms, twice as long each time, and 5 s at most", () => {
    expect([1, 2, 3, 6, 7, 1_000].map(reconnectMs)).toEqual([100, 200, 400, 3_200, 5_000, 5_000]);
  });
});
