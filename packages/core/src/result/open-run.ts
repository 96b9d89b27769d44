import type { Sent } from "../call.ts";
import type { EndCode, Outcome, OutFrame, Progress, Result, ResultEntry, Summary, Timer } from "../contract/index.ts";
import { asError, DispatchError } from "../errors.ts";
import type { Eventual } from "../eventual.ts";
import { Dispatched } from "./dispatched.ts";
import type { KeptFrame } from "./kept-frame.ts";
import { held, type LookoutPort, lookOut } from "./lookout.ts";
import { Outcomes } from "./outcomes.ts";
import { Results } from "./results.ts";
import type { Packable, RunPort } from "./run-port.ts";
import { RunSends } from "./run-sends.ts";
import { type Evidence, reschedule } from "./silence.ts";
import { Window } from "./window.ts";

/** A run as its dispatcher and coordinator see it: what is outstanding, what is accepted, and when it is over. `Run` is its public face. */
export class OpenRun<O = unknown, I = unknown> {
  readonly id: string;
  readonly #port: RunPort<I>;
  readonly #window: Window;
  readonly #results: Results<O>;
  readonly #dispatched: Dispatched;
  readonly #outcomes: Outcomes<O>;
  readonly #sends: RunSends<I>;
  readonly #lookout: LookoutPort;
  readonly #startedAt: number;
  readonly #input = new AbortController();
  readonly #sending = new AbortController();
  readonly #over: Promise<void>;
  #finish!: () => void;
  #timer: Timer | undefined;
  #total = 0;
  #inputEnded = false;
  #endedAt: number | undefined;
  #error: Error | undefined;
  #taken = false;

  constructor(port: RunPort<I>) {
    const { id, clock, observer, queue, task, globalTimeoutMs } = port;
    this.id = id;
    this.#port = port;
    this.#window = new Window(port.maxInFlight, port.maxInFlightBytes, (run) => clock.soon(run));
    this.#results = new Results<O>(port.ordered);
    this.#dispatched = new Dispatched(port, this.#window);
    this.#outcomes = new Outcomes<O>(port, this.#window, this.#results, this.#dispatched, this);
    this.#sends = new RunSends(port, this.#window, this.#outcomes, this.#dispatched, this);
    this.#lookout = {
      resend: (kept) => this.#sends.resend(kept),
      vanished: (index, resends) =>
        this.#outcomes.endHere(index, "dead", "VANISHED", `not seen again after ${resends} resends`),
    };
    this.#startedAt = clock.now();
    this.#over = new Promise((resolve) => {
      this.#finish = resolve;
    });
    observer?.({ event: "run_started", queue, run: id, task, progress: () => this.progress });
    if (globalTimeoutMs !== undefined)
      this.#timer = clock.after(globalTimeoutMs, () => this.#stop("expired", "EXPIRED", this.#late()));
  }

  get progress(): Progress {
    const { completed, dead, expired, cancelled, retried } = this.#outcomes.books;
    return {
      total: this.#total,
      sent: this.#dispatched.count,
      outstanding: this.#window.size,
      completed,
      dead,
      expired,
      cancelled,
      retried,
      activeWorkers: this.#port.activeWorkers(),
      inputEnded: this.#inputEnded,
    };
  }

  /** The books so far; final when the run has ended. */
  get summary(): Summary {
    const durationMs = Math.round((this.#endedAt ?? this.#port.clock.now()) - this.#startedAt);
    return this.#outcomes.books.summary(this.id, durationMs, this.#port.orphans());
  }

  /** Takes no more input; what is outstanding goes on. */
  endInput(): void {
    this.#input.abort();
  }

  /** Ends everything that is outstanding as `cancelled`, at once. Late results are counted, never accepted. */
  cancel(): void {
    this.#stop("cancelled", "CANCELLED", undefined);
  }

  /** The broker refuses for good, or a fault is ours: there is no point in going on. */
  fail(error: Error): void {
    this.#stop("cancelled", "CANCELLED", error);
  }

  /** Resolves with the books at the end. Where nobody takes results, they are dropped. Rejects with what ended the run early. */
  async finished(): Promise<Summary> {
    this.#port.clock.soon(() => {
      if (!this.#taken) this.drop();
    });
    await this.#over;
    if (this.#error !== undefined) throw this.#error;
    return this.summary;
  }

  /** Resolves when it is over, however it ended. */
  get over(): Promise<void> {
    return this.#over;
  }

  /** A result that is there already. */
  nextNow(): Result<O> | undefined {
    const result = this.#results.takeNow();
    if (result !== undefined) this.#window.read();
    return result;
  }

  /** The next result, or `undefined` at the end. Throws what ended the run early, after the last result. */
  async next(): Promise<Result<O> | undefined> {
    const result = await this.#results.take();
    if (result !== undefined) this.#window.read();
    else if (this.#error !== undefined) throw this.#error;
    return result;
  }

  /** Results are only counted from now on. */
  drop(): void {
    for (let dropped = this.#results.discard(); dropped > 0; dropped -= 1) this.#window.read();
  }

  /** Somebody is going to take the results. Throws `UNSUPPORTED` where they are dropped: an end without results would look like one of a run without tasks. */
  claim(): void {
    if (this.#results.isDropped)
      throw new DispatchError("UNSUPPORTED", "nobody iterated when finished() was called, so the results are dropped");
    this.#taken = true;
  }

  /** Fires when no more input is wanted. For the pump. */
  get stopsInput(): AbortSignal {
    return this.#input.signal;
  }

  /** Fires when nothing more is to be sent. For the batcher. */
  get stopsSending(): AbortSignal {
    return this.#sending.signal;
  }

  /** For the pump. */
  room(): Promise<void> | undefined {
    return this.#sends.room() ?? (this.#window.open ? undefined : this.#window.room());
  }

  /** For the packer: undefined while there is room on the way out. */
  roomToSend(): Promise<void> | undefined {
    return this.#sends.room();
  }

  /** For the pump: the next input. */
  take(input: I, index: number): void {
    this.#total += 1;
    this.#sends.take(input, index);
  }

  isOver(): boolean {
    return this.#endedAt !== undefined;
  }

  get inputEnded(): boolean {
    return this.#inputEnded;
  }

  /** How many tasks have no outcome yet. */
  get left(): number {
    return this.#window.size;
  }

  /** The sender's: a pack is full. */
  sendPack(tasks: readonly Packable[], kept: KeptFrame, make: () => Eventual<OutFrame>): void {
    this.#sends.sendPack(tasks, kept, make);
  }

  /** The sender's: what the broker said to a frame. */
  answered(kept: KeptFrame, outcome: Sent): void {
    this.#sends.answered(kept, outcome);
  }

  /** For the pump: there is no more input. */
  inputOver(): void {
    if (this.#endedAt !== undefined) return;
    this.#inputEnded = true;
    this.#port.packRest();
    this.maybeEnd();
  }

  /** For the pump: there is no more input, since its source has thrown, whatever that was. */
  inputFailed(thrown: unknown): void {
    if (this.#endedAt !== undefined) return;
    this.#error ??= asError(thrown);
    this.inputOver();
  }

  /** The coordinator's: a worker's result. Answers the frame of the task that it ended, if it did. */
  accept(entry: ResultEntry): KeptFrame | undefined {
    return this.#outcomes.accept(entry);
  }

  /** As `accept`, of a result that has nothing to say but its value. Undefined where its task has its outcome already. */
  acceptPlain(index: number, durationMs: number, value: unknown): KeptFrame | undefined {
    return this.#outcomes.acceptPlain(index, durationMs, value);
  }

  /** The coordinator's: a worker says that it has these in hand. Answers their frames, for what that means. */
  held(first: number, count: number): ReadonlySet<KeptFrame> {
    return held(this.#window, first, count);
  }

  /** The coordinator's: the next attempt of a task is due at `readyAt`. */
  retried(index: number, readyAt: number): void {
    const kept = this.#window.own(index);
    if (kept !== undefined) reschedule(kept, readyAt);
  }

  /** The coordinator's: looks for tasks that the broker has lost. Answers the bands in which a probe would help. */
  look(evidence: Evidence): ReadonlySet<number> {
    return lookOut(this.#window, evidence, this.#lookout);
  }

  /** Ends what is outstanding, and the run with it. Once: who is told of the first of these ends may ask for it again. */
  #stop(outcome: Outcome, code: EndCode, error: Error | undefined): void {
    if (this.#endedAt !== undefined || this.#sending.signal.aborted) return;
    this.#error ??= error;
    this.#inputEnded = true;
    this.#input.abort();
    this.#sending.abort();
    const message = error?.message ?? "the run was cancelled";
    const end = (index: number) => this.#outcomes.endHere(index, outcome, code, message);
    for (const [index] of this.#window.entries()) end(index);
    this.#sends.forget(end);
    this.maybeEnd();
  }

  #late(): DispatchError {
    return new DispatchError("TIMED_OUT", `the run was not through within ${this.#port.globalTimeoutMs} ms`);
  }

  /** A task has its outcome, or the input is over: that may have been the last thing to wait for. */
  maybeEnd(): void {
    if (!this.#inputEnded || this.#window.size > 0 || this.#sends.making > 0 || this.#endedAt !== undefined) return;
    const { endsAt, hasDeadlines, clock, observer, queue } = this.#port;
    this.#endedAt = clock.now();
    this.#timer?.cancel();
    // A worker may see the end of the run before the run's own timer does, or that there is no time left for another attempt.
    if (endsAt !== undefined && this.#outcomes.books.expired > 0)
      if (!hasDeadlines || clock.wall() >= Math.floor(endsAt)) this.#error ??= this.#late();
    this.#input.abort();
    this.#sending.abort();
    this.#results.end();
    const code = this.#error instanceof DispatchError ? { code: this.#error.code } : {};
    observer?.({ event: "run_finished", queue, ...this.summary, ...code });
    this.#port.ended();
    this.#finish();
  }
}
