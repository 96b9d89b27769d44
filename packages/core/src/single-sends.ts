import type { Sent } from "./call.ts";
import { most } from "./codec/header.ts";
import { newRun } from "./codec/maker.ts";
import type { Headers, OutFrame } from "./contract/index.ts";
import type { DispatcherParts } from "./dispatcher-parts.ts";
import { DispatchError } from "./errors.ts";
import type { Eventual } from "./eventual.ts";
import { defaults, type SendSettings } from "./plan/options.ts";
import type { KeptFrame } from "./result/kept-frame.ts";
import { Batcher } from "./send/batcher.ts";
import { Outlets } from "./send/outlets.ts";
import { type Kind, TaskFrames } from "./task-frames.ts";
import { withTrace } from "./tracing.ts";

/** What became of a send without a result. */
export interface SentTask {
  /** `run/index`, the id that observers and dead letters speak of. */
  readonly id: string;
  /** A task of the same id was there already: this one was not added. */
  readonly duplicate: boolean;
}

/** A send that somebody waits for. */
interface Single {
  readonly frame: OutFrame | undefined;
  done(outcome: Sent): void;
}

/** Sends tasks without a result, one at a time for their callers and many to a call of the backend. */
export class SingleSends {
  readonly #parts: DispatcherParts;
  readonly #senders: Outlets<Batcher<Single>>;
  /** Sends whose frames are still being made. */
  readonly #making = new Set<Promise<unknown>>();
  #stream = newRun();
  #index = 0;

  constructor(parts: DispatcherParts) {
    const { calls, settings } = parts;
    const { clock } = settings;
    this.#parts = parts;
    const until = () => ({ deadline: clock.now() + defaults.sendTimeoutMs });
    const answered = ({ done }: Single, outcome: Sent) => done(outcome);
    this.#senders = new Outlets((queue) => new Batcher<Single>({ calls, clock, queue, until, answered }));
  }

  /** Resolves when the broker has it. Throws what `Dispatcher.send` says. */
  async send(kind: Kind, payload: unknown, settings: SendSettings): Promise<SentTask> {
    const { outgoing, tracing, observer, settings: own } = this.#parts;
    const { queue } = own;
    const [run, index] = this.#place();
    const frames = new TaskFrames(outgoing, kind, { run, coordinator: undefined, endsAt: undefined }, false);
    const traced = tracing?.begin(queue, kind.name, run, index);
    const sending = this.#sent(frames, payload, withTrace(settings, traced), index);
    const duplicate = (await (traced === undefined ? sending : this.#traced(sending, traced))) === "duplicate";
    const id = `${run}/${index}`;
    observer?.({
      event: "queue_dispatched",
      queue,
      task: kind.name,
      taskId: id,
      attempt: 1,
      duplicate,
      awaited: false,
      trace: traced?.traceparent,
    });
    return { id, duplicate };
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#making);
    await Promise.all([...this.#senders.all()].map((sender) => sender.idle()));
  }

  /** What names the next one; a stream that is full is followed by another. */
  #place(): readonly [string, number] {
    if (this.#index > most.first) {
      this.#stream = newRun();
      this.#index = 0;
    }
    return [this.#stream, this.#index++];
  }

  async #sent(
    frames: TaskFrames,
    payload: unknown,
    settings: SendSettings,
    index: number,
  ): Promise<"ok" | "duplicate"> {
    const made = frames.make(payload, settings, index) as Eventual<KeptFrame>;
    // Not even a turn of the event loop where the frame is there: a close right after this must find it.
    const { frame, way } = made instanceof Promise ? await this.#waitFor(made) : made;
    const outcome = await new Promise<Sent>((done) => this.#senders.of(way.queue).add({ frame, done }));
    if (outcome instanceof DispatchError) throw outcome;
    if (outcome === "gone") throw new DispatchError("MISSING", `the queue ${this.#parts.settings.queue} is gone`);
    return outcome;
  }

  /** Its trace ends where it could not be sent. */
  async #traced<T>(sending: Promise<T>, { traceparent = "" }: Headers): Promise<T> {
    try {
      return await sending;
    } catch (error) {
      this.#parts.tracing?.unsent(traceparent, error);
      throw error;
    }
  }

  async #waitFor<T>(made: Promise<T>): Promise<T> {
    this.#making.add(made);
    try {
      return await made;
    } finally {
      this.#making.delete(made);
    }
  }
}
