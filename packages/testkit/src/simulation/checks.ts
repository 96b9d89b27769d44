import assert from "node:assert/strict";
import type { DeadLetter } from "@org/dispatch-core";
import type { Result, Summary } from "@org/dispatch-core/contract";
import {
  attemptsAgree,
  booksAddUp,
  everyTaskOnce,
  fencesRise,
  nothingUnsent,
  oneOutcomeAccepted,
  saysWhy,
  valueIsOfItsAttempt,
} from "../invariants.ts";
import type { Nemesis } from "./nemesis.ts";
import { predict, type Script } from "./script.ts";
import type { Sending } from "./setting.ts";
import type { Simulated } from "./simulated.ts";

/** What there is to judge at the end of a simulation. */
export interface Record {
  readonly simulated: Simulated;
  readonly nemesis: Nemesis;
  readonly results: readonly Result[];
  readonly summary: Summary;
  readonly letters: readonly DeadLetter[];
  /** Are the handlers the simulation's own? Only then it is known what a task comes to. */
  readonly scripted: boolean;
  /** When each input was read, ms on the clock of the world. */
  readonly readAt: ReadonlyMap<number, number>;
  /** What was sent for nobody who waits, by its id. */
  readonly sent: ReadonlyMap<string, Sending>;
}

/** Throws an AssertionError for the first promise that was broken. */
export function check(record: Record): void {
  const { results, summary, simulated, letters } = record;
  const { world, setting } = simulated;
  const { faults, inputs } = setting;
  const { ledger, events, sent, profile } = world;
  everyTaskOnce(results, inputs.length);
  booksAddUp(summary, results);
  nothingUnsent(ledger, sent);
  oneOutcomeAccepted(events);
  // A frame that the broker brings twice is run twice.
  // What ended in a pack that was lost then runs once more, in its pack, and what was sent on runs beside that.
  const isSingle = setting.dispatcher.packs !== true;
  const inOneStep = isSingle && profile.verbs.includes("move") && profile.sendDelayMs > 0;
  const { doubted } = simulated.network;
  if (inOneStep) fencesRise(ledger, true, doubted);
  for (const letter of letters) saysWhy(letter);
  bytesArrive(record);
  noneEarly(record);
  stopsEnd(record);
  for (const result of results) {
    valueIsOfItsAttempt(result, ledger);
    const isOneLine =
      !doubted.has(result.id) && !events.named("task_resent").some(({ taskId }) => taskId === result.id);
    if (inOneStep && isOneLine && faults.loses === 0) attemptsAgree(result, ledger);
    if (inOneStep && isOneLine) lossesHaveReasons(record, result);
    if (result.outcome === "dead" && result.error?.code !== "VANISHED" && faults.loses === 0)
      hasLetter(record, result, inOneStep && isOneLine);
    if (record.scripted) asPredicted(record, result);
  }
  if (setting.calm) noneResent(record);
  if (setting.calm) nothingLost(record);
}

/** I17: handlers get the payloads that were sent. */
function bytesArrive({ simulated, scripted, sent }: Record): void {
  if (!scripted) return;
  const { setting, world } = simulated;
  const run = world.events.named("run_started")[0]?.run;
  for (const { id, payload } of world.ledger.runs) {
    const index = Number(id.slice(id.indexOf("/") + 1));
    const sending = id.startsWith(`${run}/`) ? setting.inputs[index] : sent.get(id);
    // What a send was not told of may have arrived all the same.
    if (sending !== undefined) assert.deepEqual(payload, sending.payload, `I17: ${id} arrived as another payload`);
  }
}

/** Wall-clock ms are so large that their fractions are coarse. */
const ROUNDING_MS = 0.001;

/** I14: no handler begins before the delay of its task is over. */
function noneEarly({ simulated, readAt }: Record): void {
  const { setting, world } = simulated;
  const run = world.events.named("run_started")[0]?.run;
  for (const { id, startedAt } of world.ledger.runs) {
    if (!id.startsWith(`${run}/`)) continue;
    const index = Number(id.slice(id.indexOf("/") + 1));
    const dueAt = (readAt.get(index) ?? 0) + (setting.inputs[index]?.options.delayMs ?? 0);
    // A round that is sent again is due at once, and is so only after its time.
    assert.ok(startedAt >= dueAt - ROUNDING_MS, `I14: ${id} began at ${startedAt} ms, it was due at ${dueAt} ms`);
  }
}

/** I18: a graceful stop ends in its bound and starts nothing new. */
function stopsEnd({ simulated }: Record): void {
  const { crew, world, setting } = simulated;
  const { drainMs = 0, abandonMs = 0 } = setting.worker;
  const { faults } = setting;
  const blocks = [...setting.inputs, ...setting.sends].some(({ payload }) => payload.does === "blocks");
  for (const { host, at, endedAt } of crew.stops) {
    const began = world.ledger.runs.find((run) => run.worker === host.id && run.startedAt > at);
    assert.equal(began, undefined, `I18: ${host.id} was told to stop at ${at} ms, and began ${began?.id}`);
    // One that crashed or stood still on its way keeps no bound.
    if (host.process.isDead || faults.freezes > 0 || blocks) continue;
    const mostMs = drainMs + 4 * abandonMs + world.profile.pollMs + 2 * faults.delayMs + 50;
    assert.ok(endedAt !== undefined, `I18: the stop of ${host.id} did not end`);
    assert.ok(endedAt - at <= mostMs, `I18: the stop of ${host.id} took ${endedAt - at} ms, the most is ${mostMs}`);
  }
}

/** I8: no more losses than there were reasons for them. */
function lossesHaveReasons({ simulated, nemesis }: Record, result: Result): void {
  const { crew, network, world } = simulated;
  const expired = world.events.named("lease_lost").filter(({ taskId }) => taskId === result.id).length;
  const blocked = world.ledger.runs.filter(({ payload }) => (payload as Script).does === "blocks").length;
  // What a process had asked for is granted to it all the same when it is gone.
  const reasons =
    2 * (crew.crashes + nemesis.partitions) +
    nemesis.freezes +
    nemesis.cuts +
    4 * nemesis.outages +
    blocked +
    network.lostReceives +
    expired;
  assert.ok(result.lost <= reasons, `I8: ${result.id} says lost ${result.lost}, there were ${reasons} reasons at most`);
}

/** I9: who is dead has a dead letter; where there is one line of copies only, it says the same. Of letters of one name only the first is seen. */
function hasLetter({ letters }: Record, { id, error }: Result, isOneLine: boolean): void {
  const reasons = letters.filter((letter) => letter.id === id).map(({ reason }) => reason);
  assert.ok(
    isOneLine ? reasons.includes(error?.code as (typeof reasons)[number]) : reasons.length > 0,
    `I9: ${id} is dead because of ${error?.code}, its dead letters say [${reasons}]`,
  );
}

/** I16, I8, I10: what each task came to is what its script says, but for what was done to it. */
function asPredicted({ simulated }: Record, result: Result): void {
  const { setting } = simulated;
  const { payload, options } = setting.inputs[result.index] as Sending;
  const { faults, calm, maxLost } = setting;
  const seen = `${result.outcome}${result.error === undefined ? "" : ` ${result.error.code}`}`;
  if (result.outcome === "expired") {
    assert.ok(options.deadlineMs !== undefined, `I3: ${result.id} is expired, it has no deadline`);
    return;
  }
  if (result.error?.code === "LOST" && !calm) {
    assert.ok(result.lost > maxLost, `I8: ${result.id} is dead LOST with lost ${result.lost}, the most is ${maxLost}`);
    return;
  }
  if (result.error?.code === "VANISHED" && faults.loses > 0) return;
  const { outcome, code, attempts } = predict(payload, setting);
  const expected = `${outcome}${code === undefined ? "" : ` ${code}`}`;
  assert.equal(seen, expected, `I16: ${result.id} (${payload.does} × ${payload.times}) is ${seen}`);
  assert.equal(result.attempts, attempts, `I8: ${result.id} has ${result.attempts} attempts`);
}

/** I12: what nobody keeps from coming is not sent again. */
function noneResent({ simulated }: Record): void {
  const [first] = simulated.world.events.named("task_resent");
  assert.equal(first, undefined, `I12: ${first?.taskId} was sent again, and was not lost`);
}

/** I8: without a fault no loss is counted. */
function nothingLost({ results, summary, simulated }: Record): void {
  for (const { id, lost } of results) assert.equal(lost, 0, `I8: ${id} says lost ${lost}, and nobody crashed`);
  // A rebalance takes partitions away with what was in hand.
  if (simulated.world.profile.sharing === "partition") return;
  const { fenced, duplicates, orphans } = summary;
  assert.deepEqual({ fenced, duplicates, orphans }, { fenced: 0, duplicates: 0, orphans: 0 }, "I4: results came twice");
}
