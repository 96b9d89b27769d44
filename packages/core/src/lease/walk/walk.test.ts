import { describe, expect, it } from "vitest";
import type { Frame as WireFrame } from "../../contract/index.ts";
import { decide as settle } from "../../settle/decision.ts";
import type { Verdict } from "../../settle/verdict.ts";
import { admit } from "../../work/admission.ts";
import { fence } from "../../work/fence.ts";
import { granted, type LeaseState, step } from "../machine.ts";
import type { Rules, World } from "./bounds.ts";
import type { Decision, Line, VerdictKind } from "./task-state.ts";
import { type Walked, walk } from "./walk.ts";

const limits = { maxAttempts: 3, maxLost: 1 };
const failure = { name: "Error", message: "it failed", code: "ATTEMPTS_EXHAUSTED" } as const;
const verdicts: Readonly<Record<VerdictKind, Verdict>> = {
  completed: { kind: "completed", json: "1", durationMs: 0 },
  failed: { kind: "failed", error: failure, timedOut: false, retryable: true, delayMs: undefined, durationMs: 0 },
  shutdown: { kind: "released", reason: "shutdown", delayMs: 0, begun: true, durationMs: 0 },
  "given-back": { kind: "released", reason: "released", delayMs: 0, begun: false, durationMs: 0 },
  "lost-too-often": {
    kind: "ended",
    outcome: "dead",
    error: { ...failure, code: "LOST" },
    attempted: false,
    durationMs: 0,
  },
};

function frameOf(line: Line): WireFrame {
  const name = `run/0#0.${line.attempt}~${line.copy}`;
  return {
    type: "task",
    ...line,
    round: 0,
    name,
    priority: 5,
    run: "run",
    first: 0,
    count: 1,
    coordinator: "me",
    queue: "q",
    lane: "work",
    key: undefined,
    dueAt: undefined,
    leaveAt: undefined,
    firstSentAt: 0,
    tasks: [{ task: "t" }],
    death: undefined,
    body: new Uint8Array(0),
    codecs: [],
  };
}

const rules: Rules = {
  granted,
  step,
  fence: (line, lost) => fence({ ...line, round: 0 }, lost),
  admit: (line, lost) =>
    typeof admit(frameOf(line), {
      lost,
      maxLost: limits.maxLost,
      others: false,
      known: true,
      clock: { wall: () => 0 },
    }) === "string"
      ? "run"
      : "dead",
  decide(verdict, line, lost): Decision {
    const policy = {
      maxAttempts: limits.maxAttempts,
      backoff: { baseMs: 1, maxMs: 1 },
      releaseByCopy: false,
      releaseDelayMs: 60_000,
    };
    const decision = settle(verdicts[verdict], frameOf(line), lost, policy, 0, () => 0.5);
    if (decision.kind === "release") return { kind: "release" };
    if (decision.kind === "copy") {
      const { attempt, copy, lost: sum } = decision.counters;
      return { kind: "copy", line: { attempt, copy, lost: sum } };
    }
    if (decision.kind === "ack") throw new TypeError("no probe was sent");
    return {
      kind: "end",
      outcome: decision.ending.outcome as "completed" | "dead",
      attempts: decision.ending.attempts,
    };
  },
};

/** Every promise kept, on a broker that settles in one step. */
const honest: World = {
  tasks: 3,
  workers: 3,
  faults: 2,
  releases: 0,
  lease: 3,
  margin: 1,
  settling: "move",
  fence: true,
  countsLosses: true,
  firstOutcomeOnly: true,
  renewalNeverShortens: true,
};

function look(world: World): Walked {
  const walked = walk(world, rules, limits);
  const { states, transitions, taskStates, seconds, ends } = walked;
  const { tasks, workers, faults, releases, settling } = world;
  const bounds = `${tasks} tasks × ${workers} workers × ${limits.maxAttempts} attempts, ${faults} faults, ${releases} releases, ${settling}`;
  const figures = `${states} states (${taskStates} of one task), ${transitions} transitions, ${ends} ends, ${seconds.toFixed(1)} s`;
  console.info(`lease walk: ${bounds}: ${figures}`);
  expect(walked.found).toBeUndefined();
  expect(walked.complete).toBe(true);
  return walked;
}

describe("the walk finds every invariant kept", () => {
  it("3 tasks × 3 workers × 3 attempts, any two faults", { timeout: 180_000 }, () => {
    const { states, seconds, labels, ends } = look(honest);
    expect(states).toBeGreaterThanOrEqual(500_000);
    expect((states / seconds) * 60).toBeGreaterThanOrEqual(500_000);
    // All combinations of three ends, completed or dead, with no, one or two faults.
    expect(ends).toBe(12);
    // Nothing holds because nothing happens.
    for (const kind of happening)
      expect(
        [...labels.keys()].some((label) => label.includes(kind)),
        kind,
      ).toBe(true);
  });

  it("the same, any one fault, and a worker that gives back", { timeout: 60_000 }, () => {
    look({ ...honest, faults: 1, releases: 1 });
  });

  it("a broker without move, any one fault", { timeout: 60_000 }, () => {
    look({ ...honest, faults: 1, settling: "send-ack" });
  });
});

const happening = [
  "settled lost of grant n arrives",
  "settle of grant n arrives, and will again",
  "settle of grant n is lost",
  "renewed lost of grant n arrives",
  "renewed ok of grant n is late",
  "grant n notices its end",
  "grant n settles again",
  "the lease of n expires",
  "n is granted, and the answer lost",
  "the worker of grant n crashes",
  "the worker of grant n thaws",
  "grant n was lost too often",
  "the handler of grant n fails",
  "the coordinator reads dead, and will read it again",
];

/** A machine that is wrong in one way. */
function machine(wrong: (...given: Parameters<typeof step>) => LeaseState | undefined): Partial<Rules> {
  return {
    step(state, on, time) {
      const other = wrong(state, on, time);
      return other === undefined ? step(state, on, time) : [other, []];
    },
  };
}

interface Mutant {
  readonly name: string;
  readonly world?: Partial<World>;
  readonly rules?: Partial<Rules>;
  /** What would be found before what is meant. */
  readonly ignore?: readonly string[];
  readonly breaks: string;
}

const forever = Number.MAX_SAFE_INTEGER;
const mutants: readonly Mutant[] = [
  { name: "a broker without a fence", world: { fence: false }, breaks: "I4" },
  {
    name: "a broker without a fence: two outcomes",
    world: { fence: false },
    ignore: ["I4", "I11", "I1", "I5", "I8", "I16"],
    breaks: "I3",
  },
  {
    name: "a broker without a fence: two runs with one token",
    world: { fence: false },
    ignore: ["I4", "I11", "I1", "I3", "I6", "I8", "I16"],
    breaks: "I5",
  },
  {
    name: "a broker without a fence: the wrong outcome",
    world: { fence: false, tasks: 1 },
    ignore: ["I4", "I11", "I1", "I3", "I5", "I6", "I8"],
    breaks: "I16",
  },
  {
    // A worker that gets the frame again is heard when it speaks for its first grant.
    name: "a fence by the worker instead of its grant",
    world: { fence: "worker", workers: 1, tasks: 1 },
    breaks: "I4",
  },
  { name: "an expiry that counts no loss", world: { countsLosses: false }, breaks: "I8" },
  {
    name: "an expiry that counts no loss: two runs with one token",
    world: { countsLosses: false },
    ignore: ["I8"],
    breaks: "I5",
  },
  { name: "the ack before the result", world: { settling: "ack-send" }, breaks: "I1" },
  { name: "a coordinator that takes every result", world: { firstOutcomeOnly: false }, breaks: "I3" },
  { name: "a broker that shortens a lease by renewing it", world: { renewalNeverShortens: false }, breaks: "I7" },
  { name: "a holder that counts on more than the lease", world: { margin: -1 }, breaks: "I6" },
  {
    name: "a late answer that revives an expired lease",
    rules: machine((state, on, time) =>
      state.at === "lost" && on === "renewed" ? { at: "running", deadline: time } : undefined,
    ),
    breaks: "I4",
  },
  {
    name: "a late answer that revives an expired lease: what was aborted is written",
    rules: machine((state, on, time) =>
      state.at === "lost" && on === "renewed" ? { at: "running", deadline: time } : undefined,
    ),
    ignore: ["I4: a lease that was over came back", "I6"],
    breaks: "I4: what an aborted handler returned is written",
  },
  {
    name: "a machine that does not look at its deadline",
    rules: { step: (state, on, time) => step(state, on, on === "renewed" ? time : -forever) },
    breaks: "I6",
  },
  {
    name: "a late answer that shortens the lease",
    rules: machine((state, on, time) =>
      on === "renewed" && state.at === "running" ? { ...state, deadline: time } : undefined,
    ),
    breaks: "I7",
  },
  {
    name: "a machine that never begins",
    rules: machine((state, on) => (on === "begin" ? state : undefined)),
    breaks: "L1",
  },
  {
    name: "a stopped handler's frame that goes back under its own name",
    world: { releases: 1 },
    rules: { decide: (verdict, ...rest) => rules.decide(verdict === "shutdown" ? "given-back" : verdict, ...rest) },
    breaks: "I5",
  },
  {
    name: "a loss that is counted for what was given back",
    world: { releases: 1 },
    rules: {
      decide: (verdict, line, lost) =>
        verdict === "given-back"
          ? { kind: "copy", line: { ...line, copy: line.copy + 1, lost: lost + 1 } }
          : rules.decide(verdict, line, lost),
    },
    breaks: "I8",
  },
  {
    name: "an attempt that is counted for what was given back",
    world: { releases: 1 },
    rules: { decide: (verdict, ...rest) => rules.decide(verdict === "shutdown" ? "failed" : verdict, ...rest) },
    breaks: "I8",
  },
  {
    name: "a frame that is run although it was lost too often",
    rules: { admit: () => "run" },
    breaks: "I8",
  },
  {
    name: "a copy that forgets the losses",
    rules: { decide: (verdict, line, lost) => rules.decide(verdict, line, lost * 0) },
    breaks: "I8",
  },
];

describe("the walk catches", () => {
  it.each(mutants)("$name ($breaks)", { timeout: 60_000 }, ({ world, rules: wrong, ignore, breaks }) => {
    const { found } = walk({ ...honest, ...world }, { ...rules, ...wrong }, limits, ignore, 2_000_000);
    expect(found?.broken.join()).toContain(breaks);
    expect(found?.trace.length).toBeGreaterThan(1);
    if (world?.fence === false) console.info([found?.broken.join("; "), ...(found?.trace ?? [])].join("\n  "));
  });
});
