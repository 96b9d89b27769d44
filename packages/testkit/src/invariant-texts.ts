import type { InvariantId } from "./case.ts";

/** What each invariant promises, in words. The ids are cited by cases, errors and docs. */
export const invariantTexts: Readonly<Record<InvariantId, string>> = Object.freeze({
  I1: "no task lost: every accepted send is, after the drain, in exactly one accepted outcome, or still scheduled",
  I2: "nothing is delivered that was not sent",
  I3: "each task of a run enters one terminal outcome, once",
  I4: "at most one accepted completion per task; stale ones change nothing",
  I5: "the fencing token never falls along a line of copies; no two runs of a handler share one where the profile has `move` and a native delay",
  I6: "at most one unexpired lease per frame",
  I7: "a renewal never shortens a lease",
  I8: "failures, losses and releases each count where they should, and nowhere else",
  I9: "a dead letter says why: reason, last error, attempts, first and last time",
  I10: "poison is contained: a task that kills its workers ends dead, its neighbours complete",
  I11: "settling twice is `ok` or `lost`, never a throw, never an effect",
  I12: "sending twice with the same id within the dedupe window yields one task",
  I13: "priority within the declared bound, and no starvation beyond the declared bound",
  I14: "never before its time; late by at most the declared precision",
  I15: "back-off within the range of the policy, never a hot loop",
  I16: "the result accepted is the one of the accepted attempt",
  I17: "bytes in = bytes out",
  I18: "a graceful stop takes nothing new, ends in its bound, and burns no attempt where the profile allows",
  I19: "memory bounded by the window; what is closed leaves nothing behind",
  I20: "the books add up",
  L1: "when faults stop and one worker is healthy, every task reaches its outcome",
  L2: "progress resumes within the declared bound after the broker is back, without a restart",
});
