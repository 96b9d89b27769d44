import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import { SessionLeases } from "./session-leases.ts";

function setUp() {
  const clock = new VirtualClock();
  const expired: (readonly string[])[] = [];
  return { clock, expired, leases: new SessionLeases<string>({ clock, expire: (over) => expired.push(over) }) };
}

describe("session leases", () => {
  it("give back what nobody renewed, when its time is over, once", async () => {
    const { clock, expired, leases } = setUp();
    leases.add("a", 1_000);
    leases.add("b", 1_000);
    leases.add("c", 3_000);
    await clock.advance(999);
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual([["a", "b"]]);
    expect([leases.holds("a"), leases.holds("c"), leases.size]).toEqual([false, true, 1]);
    await clock.advance(10_000);
    expect(expired).toEqual([["a", "b"], ["c"]]);
  });

  it("last as long as they are renewed, and are never shortened", async () => {
    const { clock, expired, leases } = setUp();
    leases.add("a", 1_000);
    for (let third = 0; third < 9; third += 1) {
      await clock.advance(333);
      expect(leases.renew("a", 1_000)).toBe(true);
    }
    expect(leases.renew("a", 1)).toBe(true);
    await clock.advance(999);
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual([["a"]]);
    expect(leases.renew("a", 1_000)).toBe(false);
  });

  it("wake for a shorter one that comes later", async () => {
    const { clock, expired, leases } = setUp();
    leases.add("long", 5_000);
    leases.add("short", 100);
    await clock.advance(100);
    expect(expired).toEqual([["short"]]);
  });

  it("end once, and are not given back then", async () => {
    const { clock, expired, leases } = setUp();
    leases.add("a", 1_000);
    expect([leases.end("a"), leases.end("a"), leases.end("unknown")]).toEqual([true, false, false]);
    await clock.advance(5_000);
    expect(expired).toEqual([]);
  });

  it("are over by the clock, even where the timer is late: a process that was frozen", () => {
    const clock = new VirtualClock();
    let nowMs = 0;
    const late = { ...clock, now: () => nowMs, wall: () => 0, after: () => ({ cancel() {} }), soon() {} };
    const leases = new SessionLeases<string>({ clock: late, expire() {} });
    leases.add("a", 1_000);
    nowMs = 1_000;
    expect([leases.holds("a"), leases.renew("a", 1_000), leases.end("a")]).toEqual([false, false, false]);
  });

  it("end all at once with their session, and leave no timer", async () => {
    const { clock, expired, leases } = setUp();
    leases.add("a", 1_000);
    leases.add("b", 2_000);
    expect(leases.clear()).toEqual(["a", "b"]);
    await clock.advance(5_000);
    expect([expired, leases.renew("a", 1_000)]).toEqual([[], false]);
  });
});
