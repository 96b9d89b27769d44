import { describe, expect, it } from "vitest";
import { made } from "./testing/events.ts";
import { opened } from "./testing/opened.ts";

const { call, leased, runFinished, runStarted, status, workerStarted } = made;
const away = { code: "UNAVAILABLE", message: "away", again: true } as const;

describe("is it ready", () => {
  it("not before a broker has answered", () => {
    const { metrics, tell } = opened();
    expect(metrics.readiness()).toEqual({
      ready: false,
      reasons: ["no broker has answered yet"],
      lastRoundTripSeconds: null,
      lastGrantSeconds: null,
    });
    tell(call({ verb: "open", ...away }));
    expect(metrics.readiness().ready).toBe(false);
    tell(call({ verb: "open" }));
    expect(metrics.readiness()).toMatchObject({ ready: true, reasons: [], lastRoundTripSeconds: 0 });
  });

  it("not while what was asked last has failed; again with the first answer, as soon as the failure is some seconds old", () => {
    const { clock, metrics, tell } = opened();
    tell(call({ verb: "receive", brought: 1 }));
    clock.nowMs += 1_000;
    tell(call({ verb: "receive", ...away }));
    expect(metrics.readiness()).toMatchObject({
      ready: false,
      reasons: ["memory: receive failed with UNAVAILABLE"],
      lastRoundTripSeconds: 1,
    });
    clock.nowMs += 100_000;
    expect(metrics.readiness().ready).toBe(false);
    tell(call({ verb: "depth" }));
    expect(metrics.readiness()).toMatchObject({ ready: true, lastRoundTripSeconds: 0 });
  });

  it("not while one verb goes on failing, though another is answered", () => {
    const { clock, metrics, tell } = opened();
    for (let second = 0; second < 10; second += 1) {
      tell(call({ verb: "receive", ...away }), call({ verb: "depth" }));
      expect(metrics.readiness().ready).toBe(false);
      clock.nowMs += 1_000;
    }
    clock.nowMs += 2_000;
    expect(metrics.readiness().ready).toBe(true);
  });

  it.each([
    ["THROTTLED", true],
    ["QUEUE_FULL", true],
    ["TOO_LARGE", true],
    ["CLOSED", true],
    ["TIMED_OUT", false],
    ["DENIED", false],
    ["MISSING", false],
    ["MISMATCH", false],
  ] as const)("after %s: %s", (code, ready) => {
    const { clock, metrics, tell } = opened();
    tell(call());
    clock.nowMs += 1;
    tell(call({ code, message: "x", again: false }));
    expect(metrics.readiness().ready).toBe(ready);
  });

  it("a broker where looking means taking is not away", () => {
    const { metrics, tell } = opened();
    tell(call(), call({ verb: "browse", code: "MISMATCH", message: "x", again: false }));
    expect(metrics.readiness().ready).toBe(true);
  });

  it("not when nothing was heard for a minute; a receive that brought nothing counts as that, and not as a round trip", () => {
    const { clock, metrics, tell } = opened();
    tell(workerStarted(0, 4), call({ verb: "receive", brought: 1 }));
    clock.nowMs += 40_000;
    tell(call({ verb: "receive", brought: 0 }));
    clock.nowMs += 40_000;
    expect(metrics.readiness()).toMatchObject({ ready: true, lastRoundTripSeconds: 80 });
    clock.nowMs += 21_000;
    expect(metrics.readiness()).toMatchObject({ ready: false, reasons: ["memory: no answer for 61 s"] });
  });

  it("without a worker and a run nothing is asked, and silence says nothing; what failed last still does", () => {
    const { clock, metrics, tell } = opened();
    tell(call({ verb: "send" }));
    const later = () => {
      clock.nowMs += 100_000;
      return metrics.readiness().ready;
    };
    expect(later()).toBe(true);
    tell(runStarted(1));
    expect(metrics.readiness().ready).toBe(true);
    expect(later()).toBe(false);
    tell(runFinished());
    expect(later()).toBe(true);
    tell(workerStarted(0, 4));
    expect(later()).toBe(false);
    tell({ event: "worker_stopped", queue: "mails", workerId: "w1", finished: 0, released: 0 });
    expect(later()).toBe(true);
    tell(call({ verb: "send", ...away }));
    expect(later()).toBe(false);
  });
});

describe("is it granted what is ready", () => {
  const start = (held: number, options = {}) => {
    const world = opened(options);
    world.tell(call(), workerStarted(held, 4), status({ ready: 5 }));
    const later = (ms: number) => {
      world.clock.nowMs += ms;
      world.tell(call({ verb: "depth" }), status({ ready: 5 }));
      return world.metrics.readiness();
    };
    return { ...world, later };
  };

  it("not where it has a free slot, tasks are ready, and none comes", () => {
    const { later, tell, metrics } = start(3);
    expect(later(29_000).ready).toBe(true);
    expect(later(2_000)).toMatchObject({
      ready: false,
      reasons: ["memory: tasks of mails are ready, and none was granted for 31 s"],
    });
    tell(leased());
    expect(metrics.readiness()).toMatchObject({ ready: true, lastGrantSeconds: 0 });
  });

  it("where all slots are taken, it need not be", () => {
    expect(start(4).later(60_000).ready).toBe(true);
  });

  it("where nothing was ready meanwhile, the time begins anew", () => {
    const { clock, tell, later } = start(0);
    clock.nowMs += 25_000;
    tell(call({ verb: "depth" }), status({ ready: 0 }));
    expect(later(10_000).ready).toBe(true);
    expect(later(25_000).ready).toBe(true);
    expect(later(6_000).ready).toBe(false);
  });

  it("where workers share partitions, it is not asked", () => {
    expect(start(0, { health: { grantMs: 0 } }).later(50_000).ready).toBe(true);
  });

  it("where the broker was asked only once, nobody knows: what it said is long done", () => {
    const { clock, tell, metrics } = start(0);
    for (let second = 0; second < 120; second += 5) {
      clock.nowMs += 5_000;
      tell(call({ verb: "receive", brought: 0 }));
      expect(metrics.readiness().reasons).toEqual([]);
    }
    // Asked again after a gap, it begins anew.
    tell(status({ ready: 1 }));
    expect(metrics.readiness().ready).toBe(true);
  });
});
