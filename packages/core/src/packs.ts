import type { BodyCodec, Payloads } from "./codec/body.ts";
import { aloneFrame, packOf, tasksOf } from "./codec/pack.ts";
import type { BadFrame, Clock, Frame } from "./contract/index.ts";
import type { Eventual } from "./eventual.ts";
import { HeldTask, type Hold } from "./lease/hold.ts";
import type { Verdict } from "./settle/verdict.ts";
import { DONE, released } from "./verdicts.ts";

/** A pack that is at work for so many times of what it should take gives up what has not begun. */
const OUTLIVED = 4;

/** A pack that was lost so often runs no more as a pack: one of its tasks may be the reason. */
const SPLIT_AT = 2;

/** One that still comes after so many losses more cannot be split, whatever the reason. */
const SPLIT_TRIES = 3;
const UNSPLIT: BadFrame = Object.freeze({ bad: "FRAME_INVALID", detail: "a pack that is lost whenever it is split" });

export interface PacksPort {
  readonly clock: Clock;
  readonly codec: BodyCodec;
  readonly targetPackMs: number;
  readonly maxLost: number;
  /** Can the broker only say that there was a loss? Then it is written into a copy before anything runs. */
  readonly lossNeedsCopy: boolean;
  /** Where a body cannot be loaded now. */
  readonly retryMs: number;
  stopping(): boolean;
  /** Has this process already sent the next of this line? */
  wasForwarded(frame: Frame): boolean;
  /** Each task by itself, as if it had come alone. */
  admit(task: HeldTask, lane: number): void;
  admitted(): void;
  /** What has not begun of what `wanted` says, taken out. */
  withdraw(wanted: (task: HeldTask) => boolean): readonly HeldTask[];
  settle(task: HeldTask, verdict: Verdict): void;
  bad(task: HeldTask, bad: BadFrame, letter: boolean): void;
}

/**
 * What a worker does with packs. Its tasks take slots one by one, each with its own verdict; the frame is acked when all have theirs. It goes back whole
 * as long as nothing of it has begun, and is never given back half done: then what has not begun is sent on, each task in a frame of its own.
 */
export class Packs {
  readonly #port: PacksPort;
  /** Packs whose body cannot be read: their one dead letter is the frame as it came. */
  readonly #unreadable = new WeakSet<Frame>();

  constructor(port: PacksPort) {
    this.#port = port;
  }

  take(whole: HeldTask, lane: number): void {
    const { codec, lossNeedsCopy, retryMs, stopping, maxLost } = this.#port;
    const { hold, frame, lost } = whole;
    // Before it is split, too: what kills whoever splits it would else be split for ever where the broker tells one loss at most. And a count that runs past all
    // tries in one go is no proof that it was ever tried.
    const isUnwritten = lossNeedsCopy || (frame.lost < maxLost && this.#isUnsplit(hold));
    if (isUnwritten && lost > frame.lost) {
      this.#port.settle(whole, sentOn("lost"));
      return;
    }
    const payloads: Eventual<Payloads> = codec.payloads(frame);
    if (!(payloads instanceof Promise)) {
      this.#loaded(whole, lane, payloads);
      return;
    }
    payloads.then(
      (ready) => {
        if (stopping()) this.#port.settle(whole, released("released", 0));
        else this.#loaded(whole, lane, ready);
        this.#port.admitted();
      },
      () => this.#port.settle(whole, released("released", stopping() ? 0 : retryMs)),
    );
  }

  /** One of its tasks has begun: from now on it has to come to an end. */
  begun({ hold, whole }: HeldTask): void {
    if (whole || hold.hasBegun) return;
    hold.hasBegun = true;
    const { clock, targetPackMs } = this.#port;
    if (hold.left > 1) hold.timer = clock.after(OUTLIVED * targetPackMs, () => this.sendOn(hold), true);
  }

  /** What has not begun of a pack goes on without it. */
  sendOn(hold: Hold): void {
    for (const part of this.#port.withdraw((task) => task.hold === hold)) this.#port.settle(part, sentOn("split"));
  }

  /** What waits is not wanted here any more: frames of which nothing has begun go back as they are. */
  giveBack(tasks: readonly HeldTask[]): void {
    for (const [hold, waiting] of Map.groupBy(tasks, ({ hold }) => hold)) {
      const [first] = waiting as [HeldTask];
      if (first.whole) this.#port.settle(first, released("released", 0));
      else if (waiting.length === hold.frame.count) this.#port.settle(wholeOf(hold), released("released", 0));
      else for (const part of waiting) this.#port.settle(part, sentOn("released"));
    }
  }

  /** The frame of a task as bytes of its own. */
  alone(frame: Frame): Eventual<Frame> {
    const pack = packOf(frame);
    return this.#unreadable.has(pack) ? pack : aloneFrame(frame, this.#port.codec);
  }

  #isToSplit({ lost }: Hold): boolean {
    return lost >= Math.min(SPLIT_AT, this.#port.maxLost);
  }

  #isUnsplit({ lost }: Hold): boolean {
    return lost > Math.max(SPLIT_AT, this.#port.maxLost) + SPLIT_TRIES;
  }

  #loaded({ hold, frame }: HeldTask, lane: number, read: Payloads): void {
    const payloads = this.#isUnsplit(hold) ? UNSPLIT : read;
    if ("bad" in payloads) {
      this.#unreadable.add(frame);
      for (const [position, part] of partsOf(hold).entries()) this.#port.bad(part, payloads, position === 0);
      return;
    }
    const splits = this.#isToSplit(hold);
    const parts = partsOf(hold);
    for (let position = 0; position < parts.length; position += 1) {
      const part = parts[position] as HeldTask;
      part.value = payloads.values[position];
      part.isLoaded = true;
      if (!splits) this.#port.admit(part, lane);
      else this.#port.settle(part, this.#port.wasForwarded(part.frame) ? DONE : sentOn("split"));
    }
  }
}

/** The frame in hand as the one thing that is to be settled. */
export function wholeOf(hold: Hold): HeldTask {
  return new HeldTask(hold, hold.frame, true);
}

function partsOf(hold: Hold): readonly HeldTask[] {
  hold.parts = tasksOf(hold.frame).map((frame) => new HeldTask(hold, frame, false));
  return hold.parts;
}

/** As a copy, since the frame stays for the others, or is done with. */
function sentOn(reason: "split" | "lost" | "released"): Verdict {
  return { kind: "released", reason, delayMs: 0, begun: true, durationMs: 0 };
}
