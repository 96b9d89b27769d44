import assert from "node:assert/strict";
import type { DeadLetter } from "@org/dispatch-core";
import type { Profile, Result, Summary } from "@org/dispatch-core/contract";
import type { EventLog } from "./world/event-log.ts";
import type { HandlerRun, Ledger } from "./world/ledger.ts";
import type { SentFrame } from "./world/process.ts";

/** I1, I3: each of `total` inputs has one result, and one outcome. */
export function everyTaskOnce(results: readonly Result[], total: number): void {
  const indexes = results.map(({ index }) => index).sort((a, b) => a - b);
  assert.deepEqual(
    indexes,
    Array.from({ length: total }, (_, index) => index),
    "I1, I3: not exactly one result for each input",
  );
  for (const { id, outcome, value, error } of results) {
    assert.ok(outcome === "completed" || error !== undefined, `I3: ${id} is ${outcome} without a reason`);
    assert.ok(outcome === "completed" || value === undefined, `I3: ${id} is ${outcome} and has a value`);
  }
}

/** I1, I20: the books of a run add up, and agree with its results. */
export function booksAddUp(summary: Summary, results: readonly Result[]): void {
  const { total, completed, dead, expired, cancelled } = summary;
  assert.equal(completed + dead + expired + cancelled, total, "I20: the outcomes of a run do not add up to its total");
  for (const [outcome, count] of Object.entries({ completed, dead, expired, cancelled })) {
    const seen = results.filter((result) => result.outcome === outcome).length;
    assert.equal(count, seen, `I20: the summary says ${count} ${outcome}, the results ${seen}`);
  }
}

/** I2: no handler was given what nobody had sent. */
export function nothingUnsent(ledger: Ledger, sent: readonly SentFrame[]): void {
  const ids = new Set<string>();
  // By run: a pack may leave tasks of other priorities out, its name says only where it begins and how many it holds.
  const packs = new Map<string, number>();
  for (const { queue, frame } of sent) {
    if (queue.role !== "work") continue;
    const { run, first, id } = partsOf(frame.name);
    if (run === undefined) ids.add(id);
    else packs.set(run, Math.min(first, packs.get(run) ?? first));
  }
  for (const { id } of ledger.runs) {
    const at = id.lastIndexOf("/");
    const from = packs.get(id.slice(0, at)) ?? Number.POSITIVE_INFINITY;
    assert.ok(ids.has(id) || Number(id.slice(at + 1)) >= from, `I2: a handler was given ${id}, which was never sent`);
  }
}

/** I3, I4: no coordinator accepted two outcomes for one task. */
export function oneOutcomeAccepted(events: EventLog): void {
  const ended = new Set<string>();
  for (const { taskId, process } of events.named("task_ended")) {
    const key = `${process}/${taskId}`;
    assert.ok(!ended.has(key), `I4: ${taskId} has two outcomes`);
    ended.add(key);
  }
}

/** I5: along a round of a task no later run has a lower token; with `unique`, no two have the same. Not for tasks that were sent twice. */
export function fencesRise(ledger: Ledger, unique: boolean, exempt: ReadonlySet<string> = new Set()): void {
  const last = new Map<string, HandlerRun>();
  for (const run of ledger.runs) {
    if (exempt.has(run.id)) continue;
    const line = `${run.id}#${Math.floor(run.fence / 2 ** 32)}`;
    const before = last.get(line);
    if (before !== undefined) {
      const rises = unique ? run.fence > before.fence : run.fence >= before.fence;
      assert.ok(rises, `I5: ${run.id} ran with token ${before.fence}, then with ${run.fence}`);
    }
    last.set(line, run);
  }
}

/** I8: what a result says about attempts and losses is what handlers were told. Not for results of which a process without handlers decided. */
export function attemptsAgree(result: Result, ledger: Ledger): void {
  const runs = ledger.of(result.id);
  const seen = [...new Set(runs.map(({ attempt }) => attempt))].sort((a, b) => a - b);
  const expected = Array.from({ length: result.attempts }, (_, index) => index + 1);
  assert.deepEqual(
    seen.slice(0, result.attempts),
    expected,
    `I8: ${result.id} has ${result.attempts} attempts, its handler saw ${seen}`,
  );
  const mostLost = runs.reduce((most, { lost }) => Math.max(most, lost), 0);
  assert.ok(result.lost >= mostLost, `I8: ${result.id} says lost ${result.lost}, its handler was told ${mostLost}`);
}

/** I16: the value of a completed task is what the run of the accepted attempt returned. */
export function valueIsOfItsAttempt(result: Result, ledger: Ledger): void {
  if (result.outcome !== "completed") return;
  const runs = ledger.of(result.id).filter(({ end, attempt }) => end === "returned" && attempt === result.attempts);
  assert.ok(
    runs.some(({ value }) => same(value, result.value)),
    `I16: no run of attempt ${result.attempts} of ${result.id} returned ${JSON.stringify(result.value)}`,
  );
}

/** I9: a dead letter says why. */
export function saysWhy(letter: DeadLetter): void {
  const { id, reason, error, attempts, lost, firstSentAt, diedAt } = letter;
  assert.ok(
    reason.length > 0 && error.code === reason,
    `I9: ${id} has reason ${reason} and an error of code ${error.code}`,
  );
  assert.ok(error.message.length > 0, `I9: the error of ${id} says nothing`);
  assert.ok(attempts >= 0 && lost >= 0, `I9: ${id} has ${attempts} attempts and ${lost} losses`);
  assert.ok(firstSentAt > 0 && diedAt >= firstSentAt, `I9: ${id} was sent at ${firstSentAt} and died at ${diedAt}`);
}

/** I15, I14: the run after each failed one begins within its back-off: at least 1 ms, at most `min(maxMs, baseMs × 2ⁿ)`, and so much late. */
export function backsOff(
  ledger: Ledger,
  policy: { readonly baseMs: number; readonly maxMs: number; readonly lateMs: number },
): void {
  const before = new Map<string, HandlerRun>();
  for (const run of ledger.runs) {
    const last = before.get(run.id);
    before.set(run.id, run);
    if (last?.endedAt === undefined || run.attempt !== last.attempt + 1) continue;
    const waitedMs = run.startedAt - last.endedAt;
    const mostMs = Math.min(policy.maxMs, policy.baseMs * 2 ** (last.attempt - 1)) + policy.lateMs;
    assert.ok(waitedMs >= 1, `I15: attempt ${run.attempt} of ${run.id} came at once`);
    assert.ok(
      waitedMs <= mostMs,
      `I15: attempt ${run.attempt} of ${run.id} came after ${waitedMs} ms, the most is ${mostMs}`,
    );
  }
}

/** What holds at the end of every case, whatever it did. */
export function alwaysHolds(record: {
  readonly ledger: Ledger;
  readonly events: EventLog;
  readonly sent: readonly SentFrame[];
  readonly profile: Profile;
}): void {
  nothingUnsent(record.ledger, record.sent);
  oneOutcomeAccepted(record.events);
  if (inOneStep(record.profile)) fencesRise(record.ledger, true);
}

/** Is every copy sent and acked in one step? A move cannot leave its family, and tiers are nobody's. */
function inOneStep({ verbs, sendDelayMs }: Profile): boolean {
  return verbs.includes("move") && sendDelayMs > 0;
}

/** `run/index` of a whole name; of a pack, also its run and its first index. */
function partsOf(name: string): { readonly id: string; readonly run: string | undefined; readonly first: number } {
  const id = name.slice(0, name.lastIndexOf("#"));
  const [, run, first] = /^(.*)\/(\d+)\+\d+$/.exec(id) ?? [];
  return { id, run, first: Number(first ?? 0) };
}

/** As JSON says it: that is how a value travels. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}
