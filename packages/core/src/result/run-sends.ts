import type { Sent } from "../call.ts";
import type { Code, OutFrame } from "../contract/index.ts";
import { asError, DispatchError, printed } from "../errors.ts";
import type { Eventual } from "../eventual.ts";
import { InOrder } from "../in-order.ts";
import type { Dispatched } from "./dispatched.ts";
import { KeptFrame } from "./kept-frame.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Packable, RunPort } from "./run-port.ts";
import { reschedule } from "./silence.ts";
import type { Window } from "./window.ts";

/** What sends need of their run. */
export interface RunEnd {
  isOver(): boolean;
  /** There is no point in going on. */
  fail(error: Error): void;
}

/** What of a run is on its way to the broker: made in the order of the inputs, sent, and answered. */
export class RunSends<I> {
  readonly #port: RunPort<I>;
  readonly #window: Window;
  readonly #outcomes: Outcomes<unknown>;
  readonly #run: RunEnd;
  /** What takes time to be made, and the indexes of that. */
  readonly #order = new InOrder<KeptFrame | Packable>();
  readonly #making = new Set<number>();
  /** Packs that take time to be made, and what must not overtake them. */
  readonly #leaving = new InOrder<OutFrame>();
  readonly #dispatched: Dispatched;

  constructor(port: RunPort<I>, window: Window, outcomes: Outcomes<unknown>, dispatched: Dispatched, run: RunEnd) {
    this.#port = port;
    this.#window = window;
    this.#outcomes = outcomes;
    this.#dispatched = dispatched;
    this.#run = run;
  }

  /** How many inputs are still being made. */
  get making(): number {
    return this.#making.size;
  }

  room(): Promise<void> | undefined {
    return this.#port.room() ?? this.#order.room() ?? this.#leaving.room();
  }

  take(input: I, index: number): void {
    let made: Eventual<KeptFrame | Packable>;
    try {
      const ref = this.#port.refOf(input);
      if (ref !== undefined) this.#window.name(index, ref);
      const traced = this.#port.trace?.(index);
      if (traced !== undefined) this.#window.trace(index, traced.traceparent as string);
      made = this.#port.make(input, index, traced);
      if (traced !== undefined && made instanceof KeptFrame) made.isTraced = true;
    } catch (error) {
      this.#unmade(index, error);
      return;
    }
    // The usual one is there at once, and none is still being made before it.
    if (!(made instanceof Promise) && this.#order.size === 0) this.#begin(made);
    else this.#beginLater(index, made);
  }

  /** Nobody wants what is still being made: each is told. */
  forget(forgotten: (index: number) => void): void {
    for (const index of [...this.#making]) {
      this.#making.delete(index);
      forgotten(index);
    }
  }

  /** A pack is full. Its tasks wait in the window; a run that has ended meanwhile does not send it any more. */
  sendPack(tasks: readonly Packable[], kept: KeptFrame, make: () => Eventual<OutFrame>): void {
    if (this.#run.isOver()) return;
    this.#date(kept);
    this.#window.pack(tasks, kept);
    const failed = (error: unknown) => {
      for (const { index } of tasks) if (this.#window.get(index) === kept) this.#unmade(index, error);
    };
    let frame: Eventual<OutFrame>;
    try {
      frame = make();
    } catch (error) {
      failed(error);
      return;
    }
    this.#leaving.add(frame, (pack) => this.#sendMade(kept, pack), failed);
  }

  /** What the broker said to a frame. A pack is no repeat of anybody's id. */
  answered(kept: KeptFrame, outcome: Sent): void {
    const { first, count } = kept;
    if (outcome === "ok" || (outcome === "duplicate" && (count > 1 || this.#window.refOf(first) === undefined))) {
      this.#taken(kept);
      return;
    }
    for (let position = 0; position < count && !this.#run.isOver(); position += 1) {
      const index = kept.indexAt(position);
      if (this.#window.get(index) === kept) this.#refused(index, count, outcome);
    }
  }

  /** What the broker lost goes out once more, as the next round. */
  resend(kept: KeptFrame): void {
    const { id, observer, queue, clock } = this.#port;
    const { band } = kept.way;
    kept.round += 1;
    kept.resends += 1;
    reschedule(kept, clock.now());
    kept.way = { queue: this.#port.work(band), band, delayMs: 0 };
    this.#outcomes.books.resent += 1;
    observer?.({ event: "task_resent", queue, taskId: `${id}/${kept.first}`, round: kept.round });
    this.#sendAgain(kept, this.#port.resend(kept));
  }

  /** Apart, since a closure costs also who does not come to it. */
  #beginLater(index: number, made: Eventual<KeptFrame | Packable>): void {
    this.#making.add(index);
    const isWanted = () => this.#making.delete(index);
    this.#order.add(
      made,
      (ready) => {
        if (!isWanted()) return;
        if (ready instanceof KeptFrame) ready.isTraced = this.#window.traceOf(index) !== undefined;
        this.#begin(ready);
      },
      (error) => isWanted() && this.#unmade(index, error),
    );
  }

  #begin(made: KeptFrame | Packable): void {
    if (!(made instanceof KeptFrame)) {
      this.#window.wait(made);
      this.#port.pack(made);
      return;
    }
    const frame = made.frame as OutFrame;
    this.#date(made);
    this.#window.add(made, frame.bytes.length);
    this.#port.flush();
    if (this.#leaving.size === 0) this.#port.send(made);
    else this.#sendBehind(made, frame);
  }

  #sendBehind(kept: KeptFrame, frame: OutFrame): void {
    this.#leaving.add(frame, () => this.#run.isOver() || this.#port.send(kept), () => {}); // biome-ignore format: one line
  }

  /** Goes out in a frame that is made only now. */
  #sendMade(kept: KeptFrame, frame: OutFrame): void {
    if (this.#run.isOver()) return;
    kept.frame = frame;
    if (kept.left > 0) this.#window.weigh(kept, frame.bytes.length);
    this.#port.send(kept);
  }

  #sendAgain(kept: KeptFrame, frame: Eventual<OutFrame>): void {
    kept.sent = false;
    if (!(frame instanceof Promise)) this.#sendMade(kept, frame);
    else
      frame.then(
        // Its result may have come meanwhile.
        (ready) => kept.left > 0 && this.#sendMade(kept, ready),
        (error: Error) => this.#run.fail(error),
      );
  }

  /** An input that cannot be a task ends alone; a blob store that does not answer, or a fault of ours, ends the run. */
  #unmade(index: number, error: unknown): void {
    const code = error instanceof DispatchError ? error.code : undefined;
    const message = printed(error);
    if (code === "TOO_LARGE") this.#outcomes.endHere(index, "dead", "TOO_LARGE", message);
    else if (code !== undefined && ofInput.has(code)) this.#outcomes.endHere(index, "dead", "INPUT_INVALID", message);
    else {
      this.#outcomes.endHere(index, "cancelled", "CANCELLED", message);
      this.#run.fail(asError(error));
    }
  }

  #taken(kept: KeptFrame): void {
    kept.sent = true;
    kept.readyAt = this.#port.clock.now() + kept.way.delayMs;
    if (!kept.isTold) this.#dispatched.tell(kept);
  }

  /** Before it is in the window. */
  #date(kept: KeptFrame): void {
    if (this.#port.observer !== undefined) kept.madeAt = this.#dispatched.time.now();
  }

  #refused(index: number, count: number, outcome: Exclude<Sent, "ok">): void {
    if (outcome === "duplicate") {
      const message = `a task with the id ${this.#window.refOf(index)} is in the queue already`;
      this.#outcomes.endHere(index, "cancelled", "CANCELLED", message);
    } else if (outcome === "gone") {
      this.#run.fail(new DispatchError("MISSING", `the queue ${this.#port.queue} is gone`));
    } else if (outcome.code === "TOO_LARGE" && count > 1) {
      // The broker takes less than its profile says: what fits alone must not die of its company.
      const own = this.#window.own(index) as KeptFrame;
      this.#sendAgain(own, this.#port.apart(own));
    } else this.#unmade(index, outcome);
  }
}

/** The codes of an input that cannot be a task. */
const ofInput: ReadonlySet<Code> = new Set<Code>(["INPUT_INVALID", "CONFIG_INVALID", "UNSUPPORTED"]);
