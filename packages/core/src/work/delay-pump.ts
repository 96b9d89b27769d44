import type { Calls } from "../call.ts";
import type { Clock, Frame, OutFrame, Profile, Queue, Receipt, Timer } from "../contract/index.ts";
import { queueKey } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import type { RecentNames } from "../recent-names.ts";
import type { Until } from "../retrying.ts";

/** A frame in hand that waits for its time. */
export interface Waiter {
  readonly receipt: Receipt;
  readonly frame: Frame;
  readonly deadline: number;
}

export interface DelayPumpPort<H extends Waiter> {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly profile: Profile;
  /** Of the `later` queue: native delays are at most so long, 0: there are none. Undefined: this is a tier. */
  readonly nativeMs: number | undefined;
  /** The frame under its next name, and where it goes. */
  onward(frame: Frame): { readonly queue: Queue; readonly frame: OutFrame };
  /** It was settled, or has to come again: it is not renewed any more. */
  drop(hold: H): void;
  /** It can never be sent on: to the dead letters, so that it blocks nobody. */
  bury(hold: H, error: DispatchError): void;
  /** Whole names that this process has sent on: what comes again under one of them is only acked. */
  readonly sentOn: RecentNames;
  /** There is credit again. */
  wake(): void;
}

/** So many heads are held at a time, and so many sent on in one go. */
const HEADS = 100;

/**
 * Empties one queue of delayed frames: what is due goes on, send first and ack second; a head that is not due goes back for the rest where the broker can
 * do that, in a tier it is held and renewed until it is. Every worker pumps; without workers nothing could run anyway.
 */
export class DelayPump<H extends Waiter> {
  readonly #port: DelayPumpPort<H>;
  /** With what wakes each when it is due. */
  readonly #heads = new Map<H, Timer>();
  #closed = false;

  constructor(port: DelayPumpPort<H>) {
    this.#port = port;
  }

  /** How many frames it may take. */
  get credit(): number {
    return this.#closed ? 0 : HEADS - this.#heads.size;
  }

  async take(holds: readonly H[]): Promise<void> {
    if (this.#closed) return this.#release(holds, () => 0);
    const due: H[] = [];
    const back: H[] = [];
    const again = holds.filter(({ frame }) => this.#port.sentOn.has(frame.name));
    for (const hold of holds) {
      if (again.includes(hold)) continue;
      const stay = this.#stay(hold.frame);
      if (stay === "go") due.push(hold);
      else if (stay === "back") back.push(hold);
      else this.#hold(hold);
    }
    await Promise.all([
      this.#ack(again, untilFirst(again)),
      this.#sendOn(due),
      this.#release(back, ({ frame }) => this.#backMs(frame)),
    ]);
  }

  /** Its lease is lost: another worker pumps it. */
  forget(hold: H): void {
    if (this.#drop(hold)) this.#port.wake();
  }

  /** Gives back what it holds. */
  async close(): Promise<void> {
    this.#closed = true;
    const heads = [...this.#heads.keys()];
    for (const hold of heads) this.#drop(hold);
    await this.#release(heads, () => 0);
  }

  /** How long it stays in this queue. With a native delay it may leave as soon as that covers the rest. */
  #waitMs({ dueAt = 0, leaveAt = 0 }: Frame): number {
    const { clock, nativeMs } = this.#port;
    const wallMs = clock.wall();
    return nativeMs === undefined ? Math.min(dueAt, leaveAt) - wallMs : dueAt - nativeMs - wallMs;
  }

  #stay(frame: Frame): "go" | "back" | "hold" {
    const { nativeMs, profile } = this.#port;
    if (this.#waitMs(frame) <= 0) return "go";
    if (nativeMs === undefined) return "hold";
    return this.#freshMs(frame, nativeMs) > 0 && profile.releaseDelayMs > 0 ? "back" : "go";
  }

  /** How long it may still lie here: what is not written anew in time ends with the broker's retention. */
  #freshMs({ leaveAt = 0 }: Frame, nativeMs: number): number {
    const { clock, profile } = this.#port;
    return leaveAt - nativeMs + profile.retentionMs * 0.9 - clock.wall();
  }

  #backMs(frame: Frame): number {
    const { nativeMs = 0, profile } = this.#port;
    const freshMs = Math.floor(this.#freshMs(frame, nativeMs));
    return Math.max(1, Math.min(Math.ceil(this.#waitMs(frame)), profile.releaseDelayMs, freshMs));
  }

  #hold(hold: H): void {
    const go = () => {
      this.#heads.delete(hold);
      void this.#sendOn([hold]).finally(() => this.#port.wake());
    };
    this.#heads.set(hold, this.#port.clock.after(this.#waitMs(hold.frame), go, true));
  }

  /** A timer for nobody would keep its frame for hours. */
  #drop(hold: H): boolean {
    this.#heads.get(hold)?.cancel();
    return this.#heads.delete(hold);
  }

  /** Sends first, acks second. What the broker does not take now is not renewed, and comes again. */
  async #sendOn(holds: readonly H[]): Promise<void> {
    const byQueue = new Map<string, { readonly queue: Queue; readonly holds: H[]; readonly frames: OutFrame[] }>();
    for (const hold of holds) {
      const { queue, frame } = this.#port.onward(hold.frame);
      const key = queueKey(queue);
      const group = byQueue.get(key) ?? { queue, holds: [], frames: [] };
      group.holds.push(hold);
      group.frames.push(frame);
      byQueue.set(key, group);
    }
    for (const group of byQueue.values()) await this.#sendGroup(group.queue, group.holds, group.frames);
  }

  /** In one step where the broker has it and the way stays in the family, so that no crash can come between. */
  async #sendGroup(queue: Queue, holds: readonly H[], frames: readonly OutFrame[]): Promise<void> {
    const { calls, profile } = this.#port;
    const until = untilFirst(holds);
    if (profile.verbs.includes("move") && holds.every(({ receipt }) => receipt.queue.of === queue.of)) {
      const move = ({ receipt }: H, index: number) => ({
        receipts: [{ receipt, ack: true }],
        sends: [{ queue, frame: frames[index] as OutFrame }],
      });
      const answers = await calls.move(holds.map(move), until);
      holds.forEach((hold, index) => {
        const answer = answers[index];
        if (answer instanceof DispatchError && isFinal(answer)) this.#port.bury(hold, answer);
        else if (typeof answer === "object" && "gone" in answer) this.#port.bury(hold, goneError());
        else this.#port.drop(hold);
      });
      return;
    }
    const answers = await calls.send(queue, frames, until);
    const sent: H[] = [];
    holds.forEach((hold, index) => {
      const answer = answers[index];
      if (answer === "ok" || answer === "duplicate") sent.push(hold);
      else if (answer === "gone") this.#port.bury(hold, goneError());
      else if (answer !== undefined && isFinal(answer)) this.#port.bury(hold, answer);
      else this.#port.drop(hold);
    });
    for (const { frame } of sent) this.#port.sentOn.add(frame.name);
    await this.#ack(sent, until);
  }

  #ack(holds: readonly H[], until: Until): Promise<void> {
    return this.#settle(holds, ({ receipt }) => ({ kind: "ack", receipt }), until);
  }

  #release(holds: readonly H[], delayMs: (hold: H) => number): Promise<void> {
    const release = (hold: H) => ({ kind: "release", receipt: hold.receipt, delayMs: delayMs(hold) }) as const;
    return this.#settle(holds, release, untilFirst(holds));
  }

  async #settle(
    holds: readonly H[],
    settlement: (hold: H) => Parameters<Calls["settle"]>[0][number],
    until: Until,
  ): Promise<void> {
    if (holds.length === 0) return;
    await this.#port.calls.settle(holds.map(settlement), until);
    for (const hold of holds) this.#port.drop(hold);
  }
}

function untilFirst(holds: readonly Waiter[]): Until {
  return { deadline: holds.reduce((least, { deadline }) => Math.min(least, deadline), Number.POSITIVE_INFINITY) };
}

function goneError(): DispatchError {
  return new DispatchError("MISSING", "its work queue is gone");
}

/** Would it be the same at every later try? */
function isFinal({ code }: DispatchError): boolean {
  return code === "TOO_LARGE" || code === "MISSING" || code === "DENIED" || code === "MISMATCH";
}
