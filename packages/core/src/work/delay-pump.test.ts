import { describe, expect, it } from "vitest";
import { hopFrame } from "../codec/hop.ts";
import type { Frame, Profile, Queue, Settlement, Timer } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { laterQueue, tierQueue, workQueue } from "../queues.ts";
import { RecentNames } from "../recent-names.ts";
import { decoded, frameOf } from "../testing/frames.ts";
import { BrokerError, scripted } from "../testing/scripted-backend.ts";
import { DelayPump, type Waiter } from "./delay-pump.ts";

const LEASE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What tiers are for: no delay of sends, none of releases. */
const NO_DELAY = { sendDelayMs: 0, releaseDelayMs: 0 } as const;

interface Times {
  readonly dueInMs: number;
  /** Default: when it is due. */
  readonly leaveInMs?: number;
  readonly to?: string;
}

/** A pump on a scripted backend. What it sends on goes to the work queue of the frame's own queue, under the next name. */
function bench(profile: Partial<Profile> = {}, nativeMs: number | undefined = undefined, sentOn = new RecentNames()) {
  const world = scripted(profile);
  const { clock, backend, calls } = world;
  const dropped: string[] = [];
  const buried: string[] = [];
  const labels = new Map<Waiter, string>();
  const releases: number[] = [];
  let woken = 0;
  const onward = (frame: Frame): { queue: Queue; frame: ReturnType<typeof hopFrame> } => {
    const { round, attempt, copy, lost } = frame;
    return {
      queue: workQueue(frame.queue),
      frame: hopFrame(frame, { round, attempt, copy: copy + 1, lost }, 0, undefined),
    };
  };
  const pump = new DelayPump<Waiter>({
    calls,
    clock,
    profile: backend.profile,
    nativeMs,
    onward,
    sentOn,
    drop: (hold) => dropped.push(labels.get(hold) as string),
    bury: (hold, error) => buried.push(`${labels.get(hold)} ${error.code}`),
    wake: () => {
      woken += 1;
    },
  });
  const onSettle = backend.onSettle;
  backend.onSettle = (settlements: readonly Settlement[], signal) => {
    for (const one of settlements) if (one.kind === "release") releases.push(one.delayMs);
    return onSettle(settlements, signal);
  };
  let index = 0;
  const hold = ({ dueInMs, leaveInMs = dueInMs, to = "default" }: Times): Waiter => {
    const wallMs = clock.wall();
    const waiting = { queue: to, lane: "normal", dueAt: wallMs + dueInMs, leaveAt: wallMs + leaveInMs };
    const label = String(index);
    const receipt = Object.assign(
      { queue: nativeMs === undefined ? tierQueue(100) : laterQueue("default") },
      { label },
    );
    const held = { receipt, frame: frameOf({ index, waiting }), deadline: clock.now() + LEASE_MS };
    index += 1;
    labels.set(held, label);
    return held;
  };
  const sent = () => backend.sent.map(({ queue, frame }) => `${queue.of} ${frame.name.split("/")[1]}`);
  return { ...world, pump, hold, dropped, buried, releases, sent, woken: () => woken };
}

describe("what is due", () => {
  it("goes on under its next name: all of a queue in one call, sent first, acked second", async () => {
    const { pump, hold, backend, clock, dropped, sent } = bench(NO_DELAY);
    await pump.take([hold({ dueInMs: 0 }), hold({ dueInMs: -5, to: "other" }), hold({ dueInMs: -1e6 })]);
    expect(sent()).toEqual(["default 0#0.0~1", "default 2#0.0~1", "other 1#0.0~1"]);
    expect(backend.log).toEqual(["send work/normal", "ack 0", "ack 2", "send work/normal", "ack 1"]);
    expect(dropped).toEqual(["0", "2", "1"]);
    const frame = decoded(backend.sent[0]?.frame.bytes as Uint8Array);
    expect([frame.dueAt, frame.leaveAt, frame.queue]).toEqual([clock.wall(), undefined, "default"]);
  });

  it("is not acked before the broker has it", async () => {
    const { pump, hold, backend, dropped } = bench(NO_DELAY);
    const answer = Promise.withResolvers<void>();
    backend.onSend = async (_, frames) => {
      await answer.promise;
      return frames.map(() => "ok");
    };
    const taken = pump.take([hold({ dueInMs: 0 })]);
    await new Promise((resolve) => setImmediate(resolve));
    expect([backend.log, dropped]).toEqual([["send work/normal"], []]);
    answer.resolve();
    await taken;
    expect([backend.log, dropped]).toEqual([["send work/normal", "ack 0"], ["0"]]);
  });

  it("doubles under one name when the worker is gone between send and ack", async () => {
    const { pump, hold, backend, sent } = bench(NO_DELAY);
    const held = hold({ dueInMs: 0 });
    backend.onSettle = () => new Promise<never>(() => {});
    void pump.take([held]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(backend.log).toEqual(["send work/normal", "ack 0"]);
    // The lease ends, and another worker is granted the same bytes.
    const other = bench(NO_DELAY);
    await other.pump.take([{ ...held, deadline: LEASE_MS }]);
    expect(new Set([...sent(), ...other.sent()])).toEqual(new Set(["default 0#0.0~1"]));
  });

  it("is only acked when it comes again to a process that has sent it on: its ack was lost", async () => {
    const sentOn = new RecentNames();
    const first = bench(NO_DELAY, undefined, sentOn);
    const held = first.hold({ dueInMs: 0 });
    first.backend.onSettle = (settlements) => settlements.map(() => "lost");
    await first.pump.take([held]);
    const again = bench(NO_DELAY, undefined, sentOn);
    await again.pump.take([{ ...held, deadline: LEASE_MS }, again.hold({ dueInMs: 0, to: "other" })]);
    expect(again.sent()).toEqual([]);
    expect(again.backend.log).toEqual(["ack 0", "ack 0"]);
  });

  it("is not taken for sent on where the broker did not take it", async () => {
    const { pump, hold, backend, sent } = bench(NO_DELAY);
    const works = backend.onSend;
    backend.onSend = (_, frames) => frames.map(() => ({ failed: new BrokerError("QUEUE_FULL") }));
    const held = hold({ dueInMs: 0 });
    await pump.take([held]);
    backend.onSend = works;
    await pump.take([held]);
    expect(sent()).toEqual(["default 0#0.0~1"]);
  });

  it("takes an answer that it is there already for done", async () => {
    const { pump, hold, backend, dropped } = bench(NO_DELAY);
    backend.onSend = (_, frames) => frames.map(() => "duplicate");
    await pump.take([hold({ dueInMs: 0 })]);
    expect([backend.log, dropped]).toEqual([["send work/normal", "ack 0"], ["0"]]);
  });
});

describe("what is not due", () => {
  it("goes back for the rest where the broker can do that, for as much of it as it can", async () => {
    const { pump, hold, backend, releases, dropped } = bench({ sendDelayMs: 0, releaseDelayMs: 1_000 }, 0);
    await pump.take([hold({ dueInMs: 400 }), hold({ dueInMs: 5_000 }), hold({ dueInMs: 700, leaveInMs: 0 })]);
    expect(backend.log).toEqual(["release 0", "release 1", "release 2"]);
    expect([releases, dropped]).toEqual([
      [400, 1_000, 700],
      ["0", "1", "2"],
    ]);
    expect(pump.credit).toBe(100);
  });

  it("is held until it leaves, each for itself, and there is credit again", async () => {
    const { pump, hold, clock, sent, dropped, woken } = bench(NO_DELAY);
    const taken = pump.take([hold({ dueInMs: 9_000, leaveInMs: 500 }), hold({ dueInMs: 200 })]);
    await taken;
    expect([pump.credit, sent()]).toEqual([98, []]);
    await clock.advance(199);
    expect(sent()).toEqual([]);
    await clock.advance(1);
    expect([sent(), dropped, pump.credit, woken()]).toEqual([["default 1#0.0~1"], ["1"], 99, 1]);
    await clock.advance(299);
    expect(sent()).toHaveLength(1);
    await clock.advance(1);
    expect([sent()[1], dropped, pump.credit, woken()]).toEqual(["default 0#0.0~1", ["1", "0"], 100, 2]);
  });

  it("is forgotten when its lease is lost: another worker has it; and there is credit again", async () => {
    const { pump, hold, clock, backend, woken } = bench(NO_DELAY);
    const heads = Array.from({ length: 100 }, () => hold({ dueInMs: 500 }));
    await pump.take(heads);
    expect(pump.credit).toBe(0);
    for (const head of heads) pump.forget(head);
    expect(pump.credit).toBe(100);
    await clock.advance(10_000);
    expect(backend.log).toEqual([]);
    expect(woken()).toBeGreaterThan(0);
  });
});

it.each(["forget", "close"] as const)("keeps no timer, and no frame, after %s", async (end) => {
  const { clock, pump, hold } = bench(NO_DELAY);
  const timers = new Set<object>();
  const after = clock.after.bind(clock);
  clock.after = (ms, run) => {
    const timer = after(ms, run);
    const watched = { cancel: () => timers.delete(watched) && timer.cancel() };
    timers.add(watched);
    return watched as unknown as Timer;
  };
  const heads = [hold({ dueInMs: 10_000 }), hold({ dueInMs: DAY_MS })];
  await pump.take(heads);
  expect(timers.size).toBe(2);
  if (end === "close") await pump.close();
  else for (const head of heads) pump.forget(head);
  // Calls have timers of their own, which they cancel.
  expect(timers.size).toBe(0);
});

describe("with a native delay", () => {
  const nativeMs = 900_000;
  const profile = { sendDelayMs: nativeMs, releaseDelayMs: 43_200_000, retentionMs: 4 * DAY_MS };

  it("goes on as soon as the native delay covers the rest", async () => {
    const { pump, hold, sent, releases } = bench(profile, nativeMs);
    await pump.take([hold({ dueInMs: nativeMs, leaveInMs: 0 }), hold({ dueInMs: nativeMs + 1, leaveInMs: 0 })]);
    expect([sent(), releases]).toEqual([["default 0#0.0~1"], [1]]);
  });

  it("goes on in one step where the broker has it, so that no crash comes between", async () => {
    const { pump, hold, backend, dropped, sent } = bench(profile, nativeMs);
    await pump.take([hold({ dueInMs: 0 }), hold({ dueInMs: 1 })]);
    expect([backend.log, sent()]).toEqual([
      ["move 0", "move 1"],
      ["default 0#0.0~1", "default 1#0.0~1"],
    ]);
    expect(dropped).toEqual(["0", "1"]);
  });

  it("is sent first and acked second where the broker has no move, or where that would leave the family", async () => {
    const { pump, hold, backend } = bench({ ...profile, verbs: [] }, nativeMs);
    await pump.take([hold({ dueInMs: 0 })]);
    expect(backend.log).toEqual(["send work/normal", "ack 0"]);
    const other = bench(profile, nativeMs);
    await other.pump.take([other.hold({ dueInMs: 0, to: "other" })]);
    expect(other.backend.log).toEqual(["send work/normal", "ack 0"]);
  });

  it.each([
    ["its lease is lost", { lost: [] }, [], ["0"]],
    ["its work queue is gone", { gone: [] }, ["0 MISSING"], []],
    ["the broker is away", { failed: new BrokerError("UNAVAILABLE") }, [], ["0"]],
    ["it is too large", { failed: new BrokerError("TOO_LARGE") }, ["0 TOO_LARGE"], []],
  ])("in one step: %s", async (_, answer, buriedThen, droppedThen) => {
    const { pump, hold, backend, clock, buried, dropped } = bench(profile, nativeMs);
    backend.onMove = (moves) => moves.map(() => answer);
    const taken = pump.take([hold({ dueInMs: 0 })]);
    await clock.advance(LEASE_MS);
    await taken;
    expect([buried, dropped]).toEqual([buriedThen, droppedThen]);
  });

  it("goes back for what the native delay does not cover, at most for as long as a release can be", async () => {
    const { pump, hold, releases } = bench(profile, nativeMs);
    await pump.take([hold({ dueInMs: 2 * nativeMs, leaveInMs: 0 }), hold({ dueInMs: 2 * DAY_MS, leaveInMs: 0 })]);
    expect(releases).toEqual([nativeMs, 43_200_000]);
  });

  it("is sent anew where nothing can be released for a time", async () => {
    const { pump, hold, sent } = bench({ ...profile, releaseDelayMs: 0 }, nativeMs);
    await pump.take([hold({ dueInMs: 2 * DAY_MS, leaveInMs: 0 })]);
    expect(sent()).toEqual(["default 0#0.0~1"]);
  });

  it.each([
    ["0.5 days", 0.5, false],
    ["3.5 days", 3.5, false],
    ["3.7 days", 3.7, true],
  ])("is sent anew before the broker's retention of 4 days ends: after %s", async (_, ageDays, anew) => {
    const { pump, hold, sent, releases } = bench(profile, nativeMs);
    await pump.take([hold({ dueInMs: 30 * DAY_MS, leaveInMs: nativeMs - ageDays * DAY_MS })]);
    expect([sent().length, releases.length]).toEqual(anew ? [1, 0] : [0, 1]);
  });

  it("is never released past the broker's retention", async () => {
    for (let ageMs = 0; ageMs < 4 * DAY_MS; ageMs += 3_600_000) {
      const { pump, hold, releases } = bench(profile, nativeMs);
      await pump.take([hold({ dueInMs: 30 * DAY_MS, leaveInMs: nativeMs - ageMs })]);
      for (const delayMs of releases) expect(ageMs + delayMs).toBeLessThan(profile.retentionMs);
    }
  });
});

describe("what cannot be sent", () => {
  it.each(["TOO_LARGE", "MISSING", "DENIED", "MISMATCH"] as const)(
    "is buried, and holds nothing up: %s",
    async (code) => {
      const { pump, hold, backend, buried, dropped, sent } = bench(NO_DELAY);
      backend.onSend = (queue, frames) =>
        frames.map((frame) =>
          queue.of === "bad" || frame.name.includes("/2#") ? { failed: new BrokerError(code) } : "ok",
        );
      await pump.take([
        hold({ dueInMs: 0, to: "bad" }),
        hold({ dueInMs: 0 }),
        hold({ dueInMs: 0 }),
        hold({ dueInMs: 0 }),
      ]);
      expect(buried).toEqual([`0 ${code}`, `2 ${code}`]);
      expect([sent(), dropped]).toEqual([
        ["default 1#0.0~1", "default 3#0.0~1"],
        ["1", "3"],
      ]);
      expect(backend.log).not.toContain("ack 0");
    },
  );

  it("is buried where its queue is gone", async () => {
    const { pump, hold, backend, buried } = bench(NO_DELAY);
    backend.onSend = (_, frames) => frames.map(() => "gone");
    await pump.take([hold({ dueInMs: 0 })]);
    expect(buried).toEqual(["0 MISSING"]);
  });

  it("is buried when it was held, too", async () => {
    const { pump, hold, backend, clock, buried, woken } = bench(NO_DELAY);
    backend.onSend = (_, frames) => frames.map(() => ({ failed: new BrokerError("TOO_LARGE") }));
    await pump.take([hold({ dueInMs: 100 })]);
    await clock.advance(100);
    expect([buried, pump.credit, woken()]).toEqual([["0 TOO_LARGE"], 100, 1]);
  });

  it("for now is tried again until its lease ends, and neither buried nor acked", async () => {
    const { pump, hold, backend, clock, buried } = bench(NO_DELAY);
    backend.onSend = (_, frames) => frames.map(() => ({ failed: new BrokerError("UNAVAILABLE") }));
    const taken = pump.take([hold({ dueInMs: 0 })]);
    await clock.advance(LEASE_MS);
    await taken;
    expect(backend.log.filter((call) => call.startsWith("send")).length).toBeGreaterThan(3);
    expect([buried, backend.log.includes("ack 0")]).toEqual([[], false]);
  });

  it("for now goes on when the broker is back", async () => {
    const { pump, hold, backend, clock, sent, dropped } = bench(NO_DELAY);
    const works = backend.onSend;
    backend.onSend = () => {
      throw new BrokerError("UNAVAILABLE");
    };
    const taken = pump.take([hold({ dueInMs: 0 }), hold({ dueInMs: 0 })]);
    await clock.advance(1_000);
    backend.onSend = works;
    await clock.advance(10_000);
    await taken;
    expect([sent().length, dropped]).toEqual([2, ["0", "1"]]);
  });
});

describe("close", () => {
  it("gives back what it holds, at once, and what still comes", async () => {
    const { pump, hold, backend, releases, dropped, clock } = bench(NO_DELAY);
    await pump.take([hold({ dueInMs: 100 }), hold({ dueInMs: 200 })]);
    await pump.close();
    expect([pump.credit, releases, dropped]).toEqual([0, [0, 0], ["0", "1"]]);
    await pump.take([hold({ dueInMs: 0 })]);
    expect(backend.log).toEqual(["release 0", "release 1", "release 2"]);
    await clock.advance(1_000);
    expect(backend.sent).toEqual([]);
  });

  it("twice gives back nothing twice", async () => {
    const { pump, hold, releases } = bench(NO_DELAY);
    await pump.take([hold({ dueInMs: 100 })]);
    await Promise.all([pump.close(), pump.close()]);
    expect(releases).toEqual([0]);
  });

  it("throws nothing where the broker is away", async () => {
    const { pump, hold, backend, clock } = bench(NO_DELAY);
    await pump.take([hold({ dueInMs: 100_000 })]);
    backend.onSettle = () => {
      throw new DispatchError("UNAVAILABLE", "away");
    };
    const closed = pump.close();
    await clock.advance(LEASE_MS);
    await expect(closed).resolves.toBeUndefined();
  });
});
