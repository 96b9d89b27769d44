import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import type { Frame } from "../contract/index.ts";
import { Rest } from "./rest.ts";

const LAG_MS = 1_000;
const frame = (name: string) => ({ name }) as Frame;

function start(lagMs = LAG_MS) {
  const clock = new VirtualClock();
  const rest = new Rest<string>(clock, lagMs);
  const begun: [string, number][] = [];
  return { clock, rest, begun, before: (task: string) => rest.before(task, () => begun.push([task, clock.now()])) };
}

describe("Rest", () => {
  it("begins at once while nothing was sent on", () => {
    const { begun, before } = start();
    before("a");
    expect(begun).toEqual([["a", 0]]);
  });

  it("begins when what was sent on is durably acked, whatever is sent on meanwhile", async () => {
    const { clock, rest, begun, before } = start();
    rest.sentOn();
    await clock.advance(100);
    before("a");
    rest.sentOn();
    await clock.advance(LAG_MS * 1.5 - 101);
    expect(begun).toEqual([]);
    await clock.advance(1);
    expect(begun).toEqual([["a", LAG_MS * 1.5]]);
  });

  it("never waits where acks are durable at once", () => {
    const { rest, begun, before } = start(0);
    rest.sentOn();
    before("a");
    expect(begun).toEqual([["a", 0]]);
  });

  it("what was withdrawn does not begin", async () => {
    const { clock, rest, begun, before } = start();
    rest.sentOn();
    before("a");
    before("b");
    expect(rest.withdraw((task) => task === "a")).toEqual(["a"]);
    await clock.advance(LAG_MS * 2);
    expect(begun.map(([task]) => task)).toEqual(["b"]);
    expect(rest.withdraw(() => true)).toEqual([]);
  });

  it("is due from the second loss on, or where a lost task came in two frames", () => {
    const { rest } = start();
    expect([0, 1, 2, 3].map((lost) => rest.isDue(frame("r/1#0.0~0"), lost))).toEqual([false, false, true, true]);
    rest.met(frame("r/1#0.0~0"));
    expect(rest.isDue(frame("r/1#0.0~1"), 1)).toBe(false);
    rest.met(frame("r/1#0.0~1"));
    expect(rest.isDue(frame("r/1#0.0~2"), 1)).toBe(true);
    expect(rest.isDue(frame("r/2#0.0~0"), 1)).toBe(false);
  });
});
