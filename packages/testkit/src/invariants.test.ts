import type { Context, DeadLetter } from "@org/dispatch-core";
import type { Result, Summary } from "@org/dispatch-core/contract";
import { describe, expect, it } from "vitest";
import * as invariants from "./invariants.ts";
import { frameOf } from "./world/bare.ts";
import { EventLog } from "./world/event-log.ts";
import { Ledger } from "./world/ledger.ts";

const result = (index: number, more: Partial<Result> = {}): Result => ({
  index,
  id: `run/${index}`,
  outcome: "completed",
  attempts: 1,
  lost: 0,
  durationMs: 1,
  ...more,
});

/** A ledger of runs that began at 0, 10, 20 … and took 1 ms. */
const ledgerOf = (...runs: readonly (Partial<Context> & { readonly value?: unknown })[]) => {
  let now = 0;
  const ledger = new Ledger(() => now);
  runs.forEach(({ value, ...context }, index) => {
    now = index * 10;
    const whole = { id: "run/0", attempt: 1, lost: 0, fence: index, signal: new AbortController().signal, ...context };
    const end = ledger.begin("default", "worker-1", null, whole as Context);
    now += 1;
    end("returned", value);
  });
  return ledger;
};

const letter: DeadLetter = {
  id: "run/0",
  name: "run/0#0.0~0",
  task: "default",
  reason: "REJECTED",
  error: { name: "Error", message: "never", code: "REJECTED" },
  attempts: 1,
  lost: 0,
  firstSentAt: 1_000,
  diedAt: 2_000,
};

describe("invariants hold, or say which one does not", () => {
  it("I1, I3: every task once", () => {
    invariants.everyTaskOnce([result(1), result(0)], 2);
    expect(() => invariants.everyTaskOnce([result(0), result(0)], 2)).toThrow("I1, I3");
    expect(() => invariants.everyTaskOnce([result(0)], 2)).toThrow("I1, I3");
    expect(() => invariants.everyTaskOnce([result(0, { outcome: "dead" })], 1)).toThrow("without a reason");
  });

  it("I20: the books add up", () => {
    const summary = { total: 2, completed: 1, dead: 1, expired: 0, cancelled: 0 } as Summary;
    invariants.booksAddUp(summary, [result(0), result(1, { outcome: "dead" })]);
    expect(() => invariants.booksAddUp({ ...summary, total: 3 }, [])).toThrow("I20");
    expect(() => invariants.booksAddUp(summary, [result(0), result(1)])).toThrow("I20");
  });

  it("I2: nothing that was not sent", () => {
    const queue = { role: "work", name: "normal", of: "q" } as const;
    const sent = [{ process: "one", queue, at: 0, frame: frameOf("x", { name: "run/0#0.0~0" }) }];
    invariants.nothingUnsent(ledgerOf({}), sent);
    expect(() => invariants.nothingUnsent(ledgerOf({ id: "run/1" }), sent)).toThrow("I2");
  });

  it("I4: one outcome for each task at each coordinator", () => {
    const log = new EventLog(() => 0);
    const ended = {
      event: "task_ended",
      queue: "q",
      task: "t",
      taskId: "run/0",
      attempt: 1,
      outcome: "completed",
      durationMs: 1,
      lost: 0,
      sent: true,
      ageMs: 1,
    } as const;
    log.observer("one")(ended);
    log.observer("two")(ended);
    invariants.oneOutcomeAccepted(log);
    log.observer("one")(ended);
    expect(() => invariants.oneOutcomeAccepted(log)).toThrow("I4");
  });

  it("I5: tokens never fall along a round, and differ where they must", () => {
    const same = ledgerOf({ fence: 4 }, { fence: 4 });
    invariants.fencesRise(same, false);
    expect(() => invariants.fencesRise(same, true)).toThrow("I5");
    expect(() => invariants.fencesRise(ledgerOf({ fence: 4 }, { fence: 3 }), false)).toThrow("I5");
    invariants.fencesRise(ledgerOf({ fence: 2 ** 32 }, { fence: 3 }), true);
  });

  it("I8: attempts and losses are what handlers were told", () => {
    const ledger = ledgerOf({ attempt: 1 }, { attempt: 2, lost: 1 });
    invariants.attemptsAgree(result(0, { attempts: 2, lost: 1 }), ledger);
    expect(() => invariants.attemptsAgree(result(0, { attempts: 3, lost: 1 }), ledger)).toThrow("I8");
    expect(() => invariants.attemptsAgree(result(0, { attempts: 2 }), ledger)).toThrow("I8");
  });

  it("I9: a dead letter says why", () => {
    invariants.saysWhy(letter);
    for (const wrong of [{ reason: "LOST" as const }, { error: { ...letter.error, message: "" } }, { diedAt: 1 }]) {
      expect(() => invariants.saysWhy({ ...letter, ...wrong })).toThrow("I9");
    }
  });

  it("I15: attempts keep their distance, neither none nor too much", () => {
    const ledger = ledgerOf({ attempt: 1 }, { attempt: 2 });
    invariants.backsOff(ledger, { baseMs: 9, maxMs: 100, lateMs: 0 });
    expect(() => invariants.backsOff(ledger, { baseMs: 8, maxMs: 100, lateMs: 0 })).toThrow("I15");
  });

  it("I16: the value is that of the accepted attempt", () => {
    const ledger = ledgerOf({ attempt: 1, value: "a" }, { attempt: 2, value: "b" });
    invariants.valueIsOfItsAttempt(result(0, { attempts: 2, value: "b" }), ledger);
    expect(() => invariants.valueIsOfItsAttempt(result(0, { attempts: 1, value: "b" }), ledger)).toThrow("I16");
  });
});
