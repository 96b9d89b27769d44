import type { Random } from "../backoff.ts";
import type { Calls } from "../call.ts";
import type { Clock, Receipt, Timer } from "../contract/index.ts";
import { PlacedSet } from "../placed-set.ts";
import type { Hold } from "./hold.ts";
import { type LeaseOn, step, wantsRenewal } from "./machine.ts";

export interface KeeperOptions {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly random: Random;
  readonly leaseMs: number;
  /** How long the broker lets one delivery be held, all renewals included; default: for ever. */
  readonly totalCapMs?: number;
  /** Called at each beat, after the renewals were sent: the moment to tell coordinators. */
  readonly onBeat: () => void;
  /** Half of the cap is over and it, or a task of it, has not begun, or nine tenths and it runs yet: called once for either. */
  readonly onCap?: (hold: Hold) => void;
}

/** From then on what has not begun goes back: what begins before has the other half, which no timeout is longer than. */
const GIVE_BACK_AT = 0.5;
const REPORT_AT = 0.9;

/** What is taken off each lease, so that a settlement arrives while the broker still agrees: a tenth, at most 1 s. */
export function safetyMarginMs(leaseMs: number): number {
  return Math.min(1_000, leaseMs / 10);
}

/**
 * Keeps every lease of one worker alive: one batched renewal about every third of a lease, jittered so that workers do not march in step. A hold is
 * renewed until it begins to settle, never after.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #holds = new PlacedSet<Hold>();
  #tasks = 0;
  #timer: Timer | undefined;
  #timerAt = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#holds.size;
  }

  /** The tasks in them that have no outcome yet. */
  get tasks(): number {
    return this.#tasks;
  }

  holds(): Iterable<Hold> {
    return this.#holds.values();
  }

  /** When a lease that was asked for at `requestedAt` ends, as far as its holder dares to count on it. */
  deadlineFrom(requestedAt: number): number {
    const { leaseMs } = this.#options;
    return requestedAt + leaseMs - safetyMarginMs(leaseMs);
  }

  add(hold: Hold): void {
    const { leaseMs } = this.#options;
    hold.heldAt = hold.deadline - leaseMs + safetyMarginMs(leaseMs);
    this.#holds.add(hold);
    this.#tasks += hold.left;
    // A lease that was asked for long ago may end before the next beat.
    if (hold.deadline < this.#timerAt) this.close();
    if (this.#timer === undefined) this.#arm();
  }

  /** One task of a pack has its outcome. Answers whether it was the last. */
  ended(hold: Hold): boolean {
    hold.left -= 1;
    if (hold.place >= 0) this.#tasks -= 1;
    return hold.left === 0;
  }

  /** Puts an event through the machine and does what it says. Answers whether the caller may go on: run, or write. `time`: as `step` wants it. */
  apply(hold: Hold, on: LeaseOn, time = 0): boolean {
    // No iterators: those of frozen lists are made for every task.
    const made = step(hold.state, on, time);
    const state = made[0];
    const effects = made[1];
    hold.state = state;
    if (effects.includes("forget")) this.#forget(hold);
    if (state.at === "lost" && effects.length > 0) hold.onLost?.(hold, state.why);
    return effects.includes("run") || effects.includes("write");
  }

  #forget(hold: Hold): void {
    if (!this.#holds.delete(hold)) return;
    this.#tasks -= hold.left;
    hold.timer?.cancel();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** One timer while anything is held: at the next beat, or at the first deadline if a renewal has failed. */
  #arm(): void {
    if (this.#timer !== undefined || this.#holds.size === 0) return;
    const { clock, leaseMs, random } = this.#options;
    const beatMs = (leaseMs / 3) * (0.8 + 0.2 * random());
    const now = clock.now();
    let first = now + beatMs;
    for (const hold of this.holds())
      first = Math.min(first, Math.max(Math.min(hold.deadline, this.#capAt(hold)), now + 1));
    this.#timerAt = first;
    this.#timer = clock.after(first - now, () => {
      this.#timer = undefined;
      this.#beat();
      this.#arm();
    });
  }

  #beat(): void {
    const { clock, leaseMs, onBeat } = this.#options;
    const now = clock.now();
    const due: Hold[] = [];
    const capped: Hold[] = [];
    for (const hold of this.holds()) {
      this.apply(hold, "tick", now);
      if (this.#capAt(hold) <= now) capped.push(hold);
      // What was granted or renewed since the last beat can wait for the next one.
      if (wantsRenewal(hold.state) && !hold.renewing && hold.deadline - now <= leaseMs * 0.75) due.push(hold);
    }
    for (const hold of capped) {
      if (hold.state.at === "running") {
        // A pack that is at work may have tasks that have not begun.
        if (hold.frame.count > 1 && !hold.isHalfTold) hold.isHalfTold = true;
        else hold.isCapTold = true;
      }
      this.#options.onCap?.(hold);
    }
    // The time of a beat may not be enough for all: so those first that were left out at the last one.
    const wanting = due.filter(({ state }) => wantsRenewal(state)).sort((a, b) => a.deadline - b.deadline);
    if (wanting.length > 0) void this.renew(wanting);
    onBeat();
  }

  /** When the broker's cap has to be thought of next, in monotonic ms. */
  #capAt({ state, heldAt, isCapTold, frame, isHalfTold }: Hold): number {
    const { totalCapMs = Number.POSITIVE_INFINITY } = this.#options;
    const waits = frame.count > 1 && !isHalfTold;
    if (state.at === "held" || (state.at === "running" && waits)) return heldAt + totalCapMs * GIVE_BACK_AT;
    return state.at === "running" && !isCapTold ? heldAt + totalCapMs * REPORT_AT : Number.POSITIVE_INFINITY;
  }

  /**
   * Renews what a long wait brought, before anybody counts on it. Answers when each lease ends, or `undefined` where it is lost; where the broker does
   * not answer, what is left of the lease that it was granted under has to do.
   */
  async makeWhole(
    deliveries: readonly { readonly receipt: Receipt }[],
    requestedAt: number,
  ): Promise<(number | undefined)[]> {
    const { calls, clock, leaseMs } = this.#options;
    const now = clock.now();
    const receipts = deliveries.map(({ receipt }) => receipt);
    const answers = await calls.renew(receipts, leaseMs, { deadline: now + leaseMs / 6 });
    const left = this.deadlineFrom(requestedAt);
    return answers.map((answer) => {
      if (answer === "ok") return this.deadlineFrom(now);
      return answer !== "lost" && left > clock.now() ? left : undefined;
    });
  }

  /** Asks the broker for another whole lease, or for what its cap leaves of one; what it does not grant is lost. Never throws. */
  async renew(holds: readonly Hold[]): Promise<void> {
    const { clock, leaseMs } = this.#options;
    const now = clock.now();
    const whole: Hold[] = [];
    const capped: Hold[] = [];
    for (const hold of holds) (this.#leftMs(hold, now) < leaseMs ? capped : whole).push(hold);
    const left = capped.filter((hold) => this.#leftMs(hold, now) > 0);
    const leastMs = Math.min(...left.map((hold) => this.#leftMs(hold, now)));
    await Promise.all([
      whole.length > 0 ? this.#ask(whole, leaseMs, now) : undefined,
      left.length > 0 ? this.#ask(left, leastMs, now) : undefined,
    ]);
  }

  /** How much longer the broker lets it be held: more than that it refuses. */
  #leftMs({ heldAt }: Hold, now: number): number {
    const { totalCapMs = Number.POSITIVE_INFINITY, leaseMs } = this.#options;
    return heldAt + totalCapMs - now - safetyMarginMs(leaseMs);
  }

  async #ask(holds: readonly Hold[], askedMs: number, requestedAt: number): Promise<void> {
    const { calls, leaseMs } = this.#options;
    let deadline = Number.POSITIVE_INFINITY;
    for (const hold of holds) {
      hold.renewing = true;
      deadline = Math.min(deadline, hold.deadline);
    }
    // A try that the broker answers late must not count from before an earlier try: so one try a beat, and the next beat comes early.
    const answers = await calls.renew(
      holds.map((hold) => hold.receipt),
      askedMs,
      { deadline: Math.min(deadline, requestedAt + leaseMs / 6) },
    );
    const grantedUntil = this.deadlineFrom(requestedAt) - leaseMs + askedMs;
    holds.forEach((hold, index) => {
      hold.renewing = false;
      const answer = answers[index];
      if (answer === "ok") this.apply(hold, "renewed", grantedUntil);
      else if (answer === "lost") this.apply(hold, "refused");
    });
  }
}
