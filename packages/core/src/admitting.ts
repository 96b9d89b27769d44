import type { Calls } from "./call.ts";
import type { Clock, Delivery, Observer, Profile, Queue } from "./contract/index.ts";
import { takeBackCredit } from "./credit.ts";
import type { Delays } from "./delays.ts";
import type { Fetching } from "./fetching.ts";
import type { Intake } from "./intake.ts";
import type { HeldTask, Hold } from "./lease/hold.ts";
import type { Keeper } from "./lease/keeper.ts";
import { type Packs, wholeOf } from "./packs.ts";
import type { WorkerSettings } from "./plan/options.ts";
import type { ServedTasks } from "./served-tasks.ts";
import type { Settler } from "./settle/settler.ts";
import type { Verdict } from "./settle/verdict.ts";
import { DONE, released } from "./verdicts.ts";
import { admit, believedLosses, EXPIRED, isExpired, lossNeedsCopy, type Refusal } from "./work/admission.ts";
import type { Beater } from "./work/beater.ts";
import type { LastChance } from "./work/last-chance.ts";
import type { Rest } from "./work/rest.ts";
import type { Slots } from "./work/slots.ts";
import { leasedEvent } from "./worker-events.ts";

/** The parts of a worker that have a word in what is taken in. */
export interface AdmittingParts {
  readonly settings: WorkerSettings;
  readonly calls: Calls;
  readonly clock: Clock;
  /** The lanes, highest first. */
  readonly queues: readonly Queue[];
  readonly observer: Observer | undefined;
  readonly profile: Profile;
  readonly tasks: ServedTasks;
  readonly intake: Intake;
  readonly fetching: Fetching;
  readonly keeper: Keeper;
  readonly beater: Beater;
  readonly settler: Settler<HeldTask>;
  readonly slots: Slots<HeldTask>;
  readonly packs: Packs;
  readonly delays: Delays;
  readonly lastChance: LastChance;
  readonly rest: Rest<HeldTask>;
  /** Nothing begins any more. */
  readonly isStopping: boolean;
  settle(task: HeldTask, verdict: Verdict): void;
}

/** What a worker does with frames that it was granted, up to the begin of their handlers: it runs them, lets them wait, or gives them back. */
export class Admitting {
  readonly #parts: AdmittingParts;

  constructor(parts: AdmittingParts) {
    this.#parts = parts;
  }

  async granted(queue: Queue, lane: number, deliveries: readonly Delivery[], requestedAt: number): Promise<void> {
    const { intake, fetching, observer, settings, clock, beater, slots } = this.#parts;
    const holds = await intake.holds(queue, deliveries, requestedAt);
    fetching.brought(holds.length, holds.reduce((tasks, { left }) => tasks + left, 0)); // biome-ignore format: one line
    if (observer !== undefined) {
      const leased = leasedEvent(holds, settings.queue, settings.id, clock.wall(), clock.now() - requestedAt);
      if (leased !== undefined) observer(leased);
    }
    for (const hold of holds) {
      beater.came(hold.frame);
      this.#admit(hold, lane);
    }
    // Someone before us had it and is gone, perhaps without ever having told its coordinator; a beat says that it is in good hands again.
    if (holds.some(({ lost }) => lost > 0)) beater.beat();
    slots.fill();
  }

  /** A task by itself: it came alone, or its pack was taken apart. */
  admitTask(task: HeldTask, lane: number): void {
    const { settings, clock, tasks, profile, settler, slots, delays, lastChance, rest } = this.#parts;
    const { frame, whole } = task;
    if (!whole && settler.wasForwarded(frame)) {
      this.#parts.settle(task, DONE);
      return;
    }
    const { maxLost } = settings;
    const lost = believedLosses(task, maxLost);
    // Asked only when it matters: it means to look at all that runs.
    const others = lost >= maxLost && this.#holdsOthers;
    const known = tasks.of(frame) !== undefined;
    const admission = admit(frame, { lost, maxLost, others, known, clock });
    const goesOn = admission === "run" || admission === "run-alone" || admission === "give-back";
    if (admission === "answer-probe") this.#parts.settle(task, DONE);
    else if (whole && goesOn && lost > frame.lost && (lossNeedsCopy(profile) || lost === maxLost)) {
      // Where the broker remembers one loss at most, it is written into a copy before the frame can be lost again; and that this is its last chance, everywhere.
      this.#parts.settle(task, { kind: "released", reason: "lost", delayMs: 0, begun: true, durationMs: 0 });
    } else if (admission === "give-back") {
      this.#parts.settle(task, released("last_chance", lastChance.met()));
    } else if (admission === "run" || admission === "run-alone") {
      // Handed on for the second time: it may have cost whoever did that before.
      const isRested = rest.isDue(frame, lost) || delays.hasSentAgain(frame);
      if (admission === "run-alone") {
        lastChance.took();
        if (this.#isPushed) return void this.#addAlone(task, lane);
      }
      if (isRested) this.#addRested(task, lane);
      else slots.add(task, lane);
    } else this.#parts.settle(task, refused(admission));
  }

  /** It has a slot now: may its handler begin? `now`: in monotonic ms. */
  mayBegin(task: HeldTask, now: number): boolean {
    const { clock, keeper } = this.#parts;
    if (!isExpired(task.frame, clock)) return keeper.apply(task.hold, "begin", now);
    this.#parts.settle(task, refused(EXPIRED));
    return false;
  }

  #admit(hold: Hold, lane: number): void {
    const { rest, settler, lastChance, packs, isStopping } = this.#parts;
    const task = wholeOf(hold);
    if (hold.lost > hold.frame.lost) rest.met(hold.frame);
    if (isStopping) this.#parts.settle(task, released("released", 0));
    else if (settler.wasForwarded(task.frame)) this.#parts.settle(task, DONE);
    else if (lastChance.isTaken && this.#holdsOthers) {
      // What another lane's standing receive still brings must not be run beside a last chance: it could take it down.
      this.#parts.settle(task, released("last_chance", lastChance.met()));
    } else if (task.frame.count > 1) packs.take(task, lane);
    else this.admitTask(task, lane);
  }

  /**
   * A broker that pushes may have more on its way than anybody holds, and a crash would count on that, too. A poll brings what was asked for, and a log
   * counts from where its reader was.
   */
  get #isPushed(): boolean {
    const { lease, sharing } = this.#parts.profile;
    return lease.kind === "session" && sharing === "message";
  }

  /** Begins when the broker has been told that nothing else is wanted. */
  async #addAlone(task: HeldTask, lane: number): Promise<void> {
    const { calls, clock, settings, queues } = this.#parts;
    await takeBackCredit({ calls, clock, leaseMs: settings.leaseMs }, queues, settings.leaseMs / 10);
    if (this.#parts.isStopping) this.#parts.settle(task, released("released", 0));
    else this.#addRested(task, lane);
    this.#parts.slots.fill();
  }

  #addRested(task: HeldTask, lane: number): void {
    const { rest, slots } = this.#parts;
    rest.before(task, () => {
      slots.add(task, lane);
      slots.fill();
    });
  }

  get #holdsOthers(): boolean {
    const { keeper, slots } = this.#parts;
    return keeper.size + slots.zombies > 1;
  }
}

function refused({ code, message, outcome }: Refusal): Verdict {
  const error = { name: "DispatchError", message, code };
  return { kind: "ended", outcome, error, attempted: false, durationMs: 0 };
}
