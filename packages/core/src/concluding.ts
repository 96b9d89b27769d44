import { type BodyCodec, FRAME_HEAD_BYTES } from "./codec/body.ts";
import type { BadFrame, Clock, Observer, Profile } from "./contract/index.ts";
import type { Fetching } from "./fetching.ts";
import type { HeldTask, Hold } from "./lease/hold.ts";
import type { Keeper } from "./lease/keeper.ts";
import { type Packs, wholeOf } from "./packs.ts";
import type { WorkerSettings } from "./plan/options.ts";
import type { ServedTasks } from "./served-tasks.ts";
import { completion, type Decision, decide } from "./settle/decision.ts";
import type { Settler } from "./settle/settler.ts";
import type { Verdict } from "./settle/verdict.ts";
import { DONE, released, verdictOf } from "./verdicts.ts";
import { believedLosses } from "./work/admission.ts";
import type { Beater } from "./work/beater.ts";
import type { Rest } from "./work/rest.ts";
import type { HandlerEnd } from "./work/running.ts";
import type { Slots } from "./work/slots.ts";
import { aboutOf, completedEvent, settledEvent } from "./worker-events.ts";

/** The parts of a worker that have to do with how tasks end here. */
export interface ConcludingParts {
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
  readonly profile: Profile;
  readonly tasks: ServedTasks;
  readonly codec: BodyCodec;
  readonly fetching: Fetching;
  readonly keeper: Keeper;
  readonly beater: Beater;
  readonly settler: Settler<HeldTask>;
  readonly slots: Slots<HeldTask>;
  readonly packs: Packs;
  readonly rest: Rest<HeldTask>;
  readonly isStopping: boolean;
}

/** Room for what stands around the value of a result. */
const RESULT_HEAD_BYTES = 512;

/** What a worker does when a task ends here, whatever the reason: verdict → decision → settlement, and what follows from that. */
export class Concluding {
  readonly #parts: ConcludingParts;
  /** Tasks that ended here: completed, dead, expired or cancelled. */
  finished = 0;
  /** Frames given back without penalty. */
  released = 0;

  constructor(parts: ConcludingParts) {
    this.#parts = parts;
  }

  /** A handler has ended. */
  ended(task: HeldTask, end: HandlerEnd, durationMs: number): void {
    const { fetching, codec, settings, observer } = this.#parts;
    fetching.ran(durationMs);
    const valueBytes = codec.mostBytes - FRAME_HEAD_BYTES - RESULT_HEAD_BYTES;
    const verdict = verdictOf(end, durationMs, valueBytes, settings.retryable);
    if (verdict.kind === "failed" && verdict.timedOut)
      observer?.({ event: "task_timed_out", ...aboutOf(task.frame, settings.id), durationMs });
    this.settle(task, verdict);
  }

  settle(task: HeldTask, verdict: Verdict): void {
    const { settings, profile, tasks, clock, rest, settler } = this.#parts;
    const { frame } = task;
    if (verdict.kind === "completed") {
      settler.settle(task, completion(verdict, frame));
      return;
    }
    const { backoff, random } = settings;
    const policy = {
      backoff,
      maxAttempts: tasks.of(frame)?.maxAttempts ?? settings.maxAttempts,
      releaseByCopy: profile.redelivery !== "losses" || !profile.requeueKeepsPriority,
      releaseDelayMs: profile.releaseDelayMs,
    };
    const lost = believedLosses(task, settings.maxLost);
    const decision = decide(verdict, frame, lost, policy, clock.wall(), random);
    if (decision.kind === "copy") rest.sentOn();
    settler.settle(task, decision);
  }

  /** The broker has agreed. */
  settled(task: HeldTask, decision: Decision, delivered: boolean, acked: boolean): void {
    const { keeper, codec, beater, observer } = this.#parts;
    const { hold, frame } = task;
    if (task.whole) keeper.apply(hold, "settled");
    else {
      task.ended = true;
      const last = keeper.ended(hold);
      if (last && acked) keeper.apply(hold, "settled");
      else if (last) this.settle(wholeOf(hold), DONE);
    }
    if (decision.kind === "end") {
      this.finished += 1;
      // A dead letter still needs what it claims.
      if (decision.death === undefined && task.whole) void codec.removeBlob(frame);
    } else if (decision.kind !== "ack" && !counted.has(decision.reason)) {
      this.released += 1;
    }
    // Whatever goes back is not lost: its coordinator must not take its silence for that.
    if (decision.kind === "copy" || decision.kind === "release") beater.retried(frame, decision.delayMs);
    if (observer !== undefined) this.#tell(observer, task, decision, delivered);
    this.#letGo();
  }

  /** Its lease is over. */
  lost(hold: Hold, why: "expired" | "fenced"): void {
    const { observer, settings, slots, rest } = this.#parts;
    observer?.({ event: "lease_lost", ...aboutOf(hold.frame, settings.id), reason: why });
    slots.stop((task) => task.hold === hold, "LEASE_LOST");
    rest.withdraw((task) => task.hold === hold);
    this.#letGo();
  }

  /** The broker would take it away: what has not begun goes back in time, what still runs is somebody's to look at. */
  capped(hold: Hold): void {
    const { packs, profile, observer } = this.#parts;
    if (hold.state.at === "held") {
      const waiting = this.withdraw((task) => task.hold === hold);
      // Its payload may still be on its way.
      packs.giveBack(waiting.length > 0 ? waiting : [wholeOf(hold)]);
    } else if (!hold.isCapTold) packs.sendOn(hold);
    else {
      const { totalCapMs } = profile.lease;
      const message = `${hold.frame.name} still runs; the broker lets nobody hold a frame for more than ${totalCapMs} ms`;
      observer?.({ event: "warning", code: "LEASE_LOST", message });
    }
  }

  /** Of what has not begun. */
  withdraw(wanted: (task: HeldTask) => boolean): readonly HeldTask[] {
    const { slots, rest } = this.#parts;
    return [...slots.withdraw(wanted), ...rest.withdraw(wanted)];
  }

  /** A payload that cannot be had now is nobody's fault: back with its task, for a while where the store was away. */
  unloaded(task: HeldTask, error: unknown): void {
    const { isStopping, settings } = this.#parts;
    const delayMs = error === undefined || isStopping ? 0 : settings.backoff.baseMs;
    this.settle(task, { ...released("released", delayMs), begun: !task.whole });
  }

  /** `letter` false: another task of its pack takes the dead letter along. */
  bad(task: HeldTask, { bad, detail }: BadFrame, letter = true): void {
    const { queue, body } = task.frame;
    // What a schema says may quote the payload, which no event carries.
    const told = bad === "INPUT_INVALID" ? "the payload is not what its task takes; the dead letter says why" : detail;
    if (letter) this.#parts.observer?.({ event: "frame_rejected", queue, code: bad, detail: told, bytes: body.length });
    const error = { name: "DispatchError", message: detail, code: bad };
    this.settle(task, { kind: "ended", outcome: "dead", error, attempted: true, durationMs: 0, letter });
  }

  #tell(observer: Observer, { frame, lost }: HeldTask, decision: Decision, delivered: boolean): void {
    const { id } = this.#parts.settings;
    if (decision.kind === "end" && decision.ending.outcome === "completed" && delivered) {
      observer(completedEvent(frame, id, decision.ending.durationMs));
      return;
    }
    const about = aboutOf(frame, id);
    const event = settledEvent(decision, about, lost);
    if (event !== undefined) observer(event);
    if (!delivered && decision.kind === "end")
      observer({ event: "undeliverable", ...about, outcome: decision.ending.outcome });
  }

  #letGo(): void {
    const { fetching, keeper, beater } = this.#parts;
    fetching.wake();
    if (keeper.size === 0) beater.idle();
  }
}

/** Why a frame goes back that was not just given back. */
const counted: ReadonlySet<string> = new Set(["failed", "timed_out", "lost"]);
