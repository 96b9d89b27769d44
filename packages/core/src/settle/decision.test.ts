import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toWireError } from "../errors.ts";
import { frameOf } from "../testing/frames.ts";
import { type Decision, decide, type RetryPolicy } from "./decision.ts";
import type { Verdict } from "./verdict.ts";

const WALL_MS = 5_000;
const policy: RetryPolicy = {
  maxAttempts: 3,
  backoff: { baseMs: 1_000, maxMs: 300_000 },
  releaseByCopy: false,
  releaseDelayMs: 60_000,
};
const counters = { round: 2, attempt: 1, copy: 4, lost: 1 };
const LOST = 3;

interface More {
  readonly attempt?: number;
  readonly deadlineAt?: number;
  readonly policy?: Partial<RetryPolicy>;
  readonly random?: number;
}

function decideOn(verdict: Verdict, more: More = {}) {
  const frame = frameOf({ ...counters, attempt: more.attempt ?? counters.attempt, deadlineAt: more.deadlineAt });
  return decide(verdict, frame, LOST, { ...policy, ...more.policy }, WALL_MS, () => more.random ?? 0.5);
}

function failed(more: Partial<Extract<Verdict, { kind: "failed" }>> = {}): Verdict {
  const error = { name: "Error", message: "boom", code: "ATTEMPTS_EXHAUSTED" };
  return { kind: "failed", error, timedOut: false, retryable: true, delayMs: undefined, durationMs: 7, ...more };
}

function released(more: Partial<Extract<Verdict, { kind: "released" }>> = {}): Verdict {
  return { kind: "released", reason: "released", delayMs: 0, begun: false, durationMs: 0, ...more };
}

function deathOf(decision: Decision) {
  return decision.kind === "end" ? decision.death : undefined;
}

describe("the table of counters", () => {
  it("handler failed, retryable: attempt + 1, copy 0, lost kept, back-off", () => {
    expect(decideOn(failed())).toEqual({
      kind: "copy",
      counters: { round: 2, attempt: 2, copy: 0, lost: LOST },
      delayMs: 1_000,
      reason: "failed",
      code: "ATTEMPTS_EXHAUSTED",
      durationMs: 7,
    });
  });

  it("handler failed, the last attempt: dead ATTEMPTS_EXHAUSTED, with its own code beside it", () => {
    const error = { name: "Error", message: "boom", code: "ATTEMPTS_EXHAUSTED", cause: "ECONNREFUSED" };
    const expected = { name: "Error", message: "boom", code: "ATTEMPTS_EXHAUSTED", cause: "ECONNREFUSED" };
    expect(decideOn(failed({ error }), { attempt: 2 })).toEqual({
      kind: "end",
      ending: { outcome: "dead", json: undefined, error: expected, attempts: 3, durationMs: 7 },
      death: {
        reason: "ATTEMPTS_EXHAUSTED",
        error: expected,
        attempts: 3,
        lost: LOST,
        firstSentAt: 1_000,
        diedAt: WALL_MS,
      },
    });
  });

  it.each([
    ["the first attempt", 0, 1],
    ["the last attempt", 2, 3],
  ])("handler failed, not retryable, on %s: dead REJECTED at once", (_, attempt, attempts) => {
    const error = { name: "Error", message: "boom", code: "REJECTED" };
    const decision = decideOn(failed({ error, retryable: false }), { attempt });
    expect(decision).toMatchObject({ kind: "end", ending: { outcome: "dead", attempts, error: { code: "REJECTED" } } });
    expect(deathOf(decision)).toMatchObject({ reason: "REJECTED", attempts, lost: LOST });
  });

  it("payload invalid: attempt + 1, dead with the code of the data", () => {
    const error = { name: "DispatchError", message: "not JSON", code: "FRAME_INVALID" } as const;
    const decision = decideOn({ kind: "ended", outcome: "dead", error, attempted: true, durationMs: 0 });
    expect(decision).toMatchObject({ ending: { outcome: "dead", attempts: 2, error } });
    expect(deathOf(decision)).toMatchObject({ reason: "FRAME_INVALID", attempts: 2, diedAt: WALL_MS });
  });

  it("timed out: attempt + 1 and its own reason; on the last attempt dead TIMED_OUT", () => {
    const error = { name: "DispatchError", message: "took longer", code: "TIMED_OUT" };
    expect(decideOn(failed({ error, timedOut: true }))).toMatchObject({
      kind: "copy",
      reason: "timed_out",
      code: "TIMED_OUT",
      counters: { attempt: 2, copy: 0 },
    });
    const last = decideOn(failed({ error, timedOut: true }), { attempt: 2 });
    expect(last).toMatchObject({ ending: { outcome: "dead", attempts: 3, error: { code: "TIMED_OUT" } } });
    expect(deathOf(last)?.error).toEqual(error);
  });

  it("lost too often: attempt kept, dead LOST", () => {
    const error = { name: "DispatchError", message: "4 holders", code: "LOST" } as const;
    const decision = decideOn({ kind: "ended", outcome: "dead", error, attempted: false, durationMs: 0 });
    expect(decision).toMatchObject({ ending: { attempts: 1 }, death: { reason: "LOST", attempts: 1, lost: LOST } });
  });

  it.each([
    ["cancelled", "CANCELLED"],
    ["expired", "EXPIRED"],
  ] as const)("%s: terminal, and no dead letter", (outcome, code) => {
    const error = { name: "DispatchError", message: "x", code };
    expect(decideOn({ kind: "ended", outcome, error, attempted: true, durationMs: 3 })).toEqual({
      kind: "end",
      ending: { outcome, json: undefined, error, attempts: 2, durationMs: 3 },
      death: undefined,
    });
  });

  it("completed: the value as it travels, this attempt counted", () => {
    expect(decideOn({ kind: "completed", json: "[1]", durationMs: 9 })).toEqual({
      kind: "end",
      ending: { outcome: "completed", json: "[1]", error: undefined, attempts: 2, durationMs: 9 },
      death: undefined,
    });
  });

  it("done: only an ack", () => {
    expect(decideOn({ kind: "done" })).toEqual({ kind: "ack" });
  });

  it.each<[string, Verdict, Partial<RetryPolicy>, "release" | "copy"]>([
    ["not begun", released(), {}, "release"],
    ["not begun, the longest delay that there is", released({ delayMs: 60_000 }), {}, "release"],
    ["not begun, a longer delay", released({ delayMs: 60_001 }), {}, "copy"],
    ["not begun, where a release would count", released(), { releaseByCopy: true }, "copy"],
    ["begun", released({ begun: true, reason: "shutdown" }), {}, "copy"],
  ])("released, %s: no penalty", (_, verdict, more, kind) => {
    const decision = decideOn(verdict, { policy: more });
    const { reason, delayMs } = verdict as Extract<Verdict, { kind: "released" }>;
    if (kind === "release") expect(decision).toEqual({ kind, reason, delayMs });
    else {
      const line = { round: 2, attempt: 1, copy: 5, lost: LOST };
      expect(decision).toEqual({ kind, reason, delayMs, counters: line, code: undefined, durationMs: 0 });
    }
  });
});

describe("the delay of a retry", () => {
  it("is in [1, cap] for every attempt and every draw, and whole", () => {
    const attempts = fc.integer({ min: 0, max: 65_000 });
    const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(attempts, draws, (attempt, random) => {
        const decision = decideOn(failed(), { attempt, random, policy: { maxAttempts: 65_535 } });
        if (decision.kind !== "copy") throw new TypeError("no copy");
        const cap = Math.min(300_000, 1_000 * 2 ** Math.min(attempt, 20));
        expect(decision.delayMs).toBeGreaterThanOrEqual(1);
        expect(decision.delayMs).toBeLessThanOrEqual(cap);
        expect(Number.isSafeInteger(decision.delayMs)).toBe(true);
      }),
    );
  });

  it.each([0, 1, 86_400_000])("is what Retry asked for: %d ms", (delayMs) => {
    expect(decideOn(failed({ delayMs }))).toMatchObject({ kind: "copy", delayMs });
  });

  it.each([
    ["what Retry asked for", failed({ delayMs: 1_000 }), "boom"],
    ["the back-off", failed(), "boom"],
    ["the back-off after a timeout", failed({ timedOut: true, error: toWireError(new Error("slow"), "TIMED_OUT") }), "slow"], // biome-ignore format: one line each
  ])("ends a task as expired at once where its deadline comes first, or with it: %s", (_, verdict, why) => {
    expect(decideOn(verdict, { deadlineAt: WALL_MS + 1_001 })).toMatchObject({ kind: "copy", delayMs: 1_000 });
    for (const deadlineAt of [WALL_MS + 1_000, WALL_MS + 1, WALL_MS - 1]) {
      const decision = decideOn(verdict, { deadlineAt });
      expect(decision).toMatchObject({
        kind: "end",
        ending: { outcome: "expired", attempts: 2, durationMs: 7, error: { name: "DispatchError", code: "EXPIRED" } },
        death: undefined,
      });
      if (decision.kind === "end") expect(decision.ending.error?.message).toContain(why);
    }
  });

  it("does not look at the deadline where no other attempt is due", () => {
    const dead = { ending: { outcome: "dead" } };
    expect(decideOn(failed(), { attempt: 2, deadlineAt: WALL_MS })).toMatchObject(dead);
    expect(decideOn(failed({ retryable: false }), { deadlineAt: WALL_MS })).toMatchObject(dead);
  });

  it("reaches both ends of its range", () => {
    expect(decideOn(failed(), { random: 0 })).toMatchObject({ delayMs: 1 });
    expect(decideOn(failed(), { random: 0.999_999_9 })).toMatchObject({ delayMs: 2_000 });
  });
});
