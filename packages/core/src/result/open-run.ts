import type { Sent } from "../call.ts";
import type {
  Clock,
  Code,
  EndCode,
  Observer,
  Outcome,
  OutFrame,
  Queue,
  Result,
  ResultEntry,
  Summary,
  Timer,
} from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import type { Eventual } from "../eventual.ts";
import { InOrder } from "../in-order.ts";
import { Books } from "./books.ts";
import { Results } from "./results.ts";
import { type Evidence, listen, reschedule } from "./silence.ts";
import { Outstanding, Window } from "./window.ts";

/** Where a run stands. */
export interface Progress {
  /** Inputs that were read. */
  readonly total: number;
  /** Tasks that the broker has taken. */
  readonly sent: number;
  readonly outstanding: number;
  readonly completed: number;
  readonly dead: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly retried: number;
  /** Workers that have tasks of this coordinator in hand, by their beats. */
  readonly activeWorkers: number;
  readonly inputEnded: boolean;
}

/** An input of a run that travels with others; what it is made of is its sender's business. */
export interface Packable {
  readonly index: number;
  readonly sizeBytes: number;
}

/** An input as a frame, ready to send, or as a part of one. */
export interface Made {
  /** A large one takes its time. */
  readonly ready: Eventual<OutFrame | Packable>;
  /** Where it goes first. */
  readonly queue: Queue;
  readonly band: number;
  /** Its whole delay, however it is kept. */
  readonly delayMs: number;
  readonly ref: string | undefined;
}

/** What a run needs of its surroundings; its dispatcher puts it together. */
export interface RunPort<I> {
  readonly id: string;
  readonly queue: string;
  readonly task: string;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
  readonly ordered: boolean;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly globalTimeoutMs: number | undefined;
  /** Wall-clock ms at which it ends; the same that stands in its frames. */
  readonly endsAt: number | undefined;
  /** Throws a DispatchError for an input that cannot be a task. */
  make(input: I, index: number): Made;
  /** The task alone, as its next round. */
  resend(task: Outstanding): Eventual<OutFrame>;
  /** The task alone, out of the pack that its broker did not take. */
  apart(task: Outstanding): Eventual<OutFrame>;
  /** Into a pack, which comes back by `sendPack`. */
  pack(packable: Packable, task: Outstanding): void;
  /** What waits to be packed goes before what is sent next. */
  flush(): void;
  /** A handler took so long. */
  ran(durationMs: number): void;
  /** Where its next round goes: what the broker lost is due. */
  work(band: number): Queue;
  send(queue: Queue, frame: OutFrame, done: (outcome: Sent) => void): void;
  room(): Promise<void> | undefined;
  activeWorkers(): number;
  orphans(): number;
  /** It takes no more results. */
  ended(): void;
}

/** A run as its dispatcher and coordinator see it: what is outstanding, what is accepted, and when it is over. `Run` is its public face. */
export class OpenRun<O = unknown, I = unknown> {
  readonly id: string;
  readonly #port: RunPort<I>;
  readonly #window: Window;
  readonly #results: Results<O>;
  readonly #books = new Books();
  /** Frames that take time to be made, and the user's ids of their tasks. */
  readonly #order = new InOrder<OutFrame | Packable>();
  /** Packs that take time to be made, and what must not overtake them. */
  readonly #leaving = new InOrder<OutFrame>();
  readonly #making = new Map<number, string | undefined>();
  readonly #startedAt: number;
  readonly #input = new AbortController();
  readonly #sending = new AbortController();
  readonly #over: Promise<void>;
  #finish!: () => void;
  #timer: Timer | undefined;
  #total = 0;
  #sent = 0;
  #inputEnded = false;
  #endedAt: number | undefined;
  #error: DispatchError | Error | undefined;
  #taken = false;

  constructor(port: RunPort<I>) {
    this.id = port.id;
    this.#port = port;
    this.#window = new Window(port.maxInFlight, port.maxInFlightBytes, (run) => port.clock.soon(run));
    this.#results = new Results<O>(port.ordered);
    this.#startedAt = port.clock.now();
    this.#over = new Promise((resolve) => {
      this.#finish = resolve;
    });
    port.observer?.({ event: "run_started", queue: port.queue, run: port.id, task: port.task });
    if (port.globalTimeoutMs !== undefined) {
      this.#timer = port.clock.after(port.globalTimeoutMs, () => this.#stop("expired", "EXPIRED", this.#late()));
    }
  }

  get progress(): Progress {
    const { completed, dead, expired, cancelled, retried } = this.#books;
    return {
      total: this.#total,
      sent: this.#sent,
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
    return this.#books.summary(this.id, durationMs, this.#port.orphans());
  }

  /** Takes no more input; what is outstanding goes on. */
  endInput(): void {
    this.#input.abort();
  }

  /** Ends everything that is outstanding as `cancelled`, at once. Late results are counted, never accepted. */
  cancel(): void {
    this.#stop("cancelled", "CANCELLED", undefined);
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

  /** Resolves when it is over, however it ended. */
  get over(): Promise<void> {
    return this.#over;
  }

  /** Somebody is going to take the results. */
  claim(): void {
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
    const making = this.#order.room() ?? this.#leaving.room();
    return this.#port.room() ?? making ?? (this.#window.open ? undefined : this.#window.room());
  }

  /** For the pump: the next input. */
  take(input: I, index: number): void {
    this.#total += 1;
    let made: Made;
    try {
      made = this.#port.make(input, index);
    } catch (error) {
      this.#unmade(index, undefined, error);
      return;
    }
    const { ready } = made;
    // The usual one is there at once, and none is still being made before it.
    if (!(ready instanceof Promise) && this.#order.size === 0) {
      this.#begin(index, ready, made);
      return;
    }
    this.#beginLater(index, made);
  }

  /** Apart, since a closure costs also who does not come to it. */
  #beginLater(index: number, made: Made): void {
    this.#making.set(index, made.ref);
    const isWanted = () => this.#making.delete(index);
    this.#order.add(
      made.ready,
      (value) => isWanted() && this.#begin(index, value, made),
      (error) => isWanted() && this.#unmade(index, made.ref, error),
    );
  }

  get inputEnded(): boolean {
    return this.#inputEnded;
  }

  /** How many tasks have no outcome yet. */
  get left(): number {
    return this.#window.size;
  }

  /** The sender's: a pack is full. Its tasks are in the window already; a run that has ended meanwhile does not send it any more. */
  sendPack(tasks: readonly Outstanding[], queue: Queue, make: () => Eventual<OutFrame>): void {
    if (this.#endedAt !== undefined) return;
    const failed = (error: unknown) => {
      for (const task of tasks) {
        if (this.#window.get(task.index) !== task) continue;
        this.#window.delete(task);
        this.#unmade(task.index, task.ref, error);
      }
    };
    let frame: Eventual<OutFrame>;
    try {
      frame = make();
    } catch (error) {
      failed(error);
      return;
    }
    this.#leaving.add(
      frame,
      (pack) => {
        if (this.#endedAt !== undefined) return;
        for (const task of tasks) task.frame = pack;
        this.#port.send(queue, pack, (outcome) => this.#packAnswered(tasks, queue, outcome));
      },
      failed,
    );
  }

  #packAnswered(tasks: readonly Outstanding[], queue: Queue, outcome: Sent): void {
    const apart = tasks.length > 1 && outcome instanceof DispatchError && outcome.code === "TOO_LARGE";
    for (const task of tasks) {
      if (!apart) this.#answered(task, outcome === "duplicate" ? "ok" : outcome);
      // The broker takes less than its profile says: what fits alone must not die of its company.
      else if (this.#window.get(task.index) === task) this.#sendMade(task, queue, this.#port.apart(task));
    }
  }

  /** For the pump: there is no more input, because it ended, or failed with `error`. */
  inputOver(error?: unknown): void {
    if (this.#endedAt !== undefined) return;
    this.#inputEnded = true;
    this.#port.flush();
    if (error !== undefined) this.#error ??= error instanceof Error ? error : new Error(String(error));
    this.#maybeEnd();
  }

  /** The coordinator's: a worker's result. Answers the task that it ended, if it did. */
  accept(entry: ResultEntry): Outstanding | undefined {
    const task = this.#window.get(entry.index);
    if (task === undefined) {
      const fenced = this.#books.late(entry) === "fenced";
      const { observer, queue } = this.#port;
      observer?.({
        event: "result_duplicate",
        queue,
        taskId: `${this.id}/${entry.index}`,
        outcome: entry.outcome,
        fenced,
      });
      return undefined;
    }
    if (entry.attempts > 0) this.#port.ran(entry.durationMs);
    this.#end(task, entry);
    return task;
  }

  /** As `accept`, of a result that has nothing to say but its value. Undefined where its task has its outcome already. */
  acceptPlain(index: number, durationMs: number, value: unknown): Outstanding | undefined {
    const task = this.#window.get(index);
    if (task === undefined) return undefined;
    this.#port.ran(durationMs);
    this.#window.delete(task);
    this.#books.completed += 1;
    const id = `${this.id}/${index}`;
    const { observer, queue, task: name } = this.#port;
    observer?.({
      event: "task_ended",
      queue,
      task: name,
      taskId: id,
      attempt: 1,
      outcome: "completed",
      code: undefined,
      durationMs,
    });
    const { ref } = task;
    const result: Result<O> =
      ref === undefined
        ? { index, id, outcome: "completed", value: value as O, attempts: 1, lost: 0, durationMs }
        : { index, id, ref, outcome: "completed", value: value as O, attempts: 1, lost: 0, durationMs };
    this.#deliver(result);
    return task;
  }

  outstanding(index: number): Outstanding | undefined {
    return this.#window.get(index);
  }

  /** The coordinator's: looks for tasks that the broker has lost. Answers the bands in which a probe would help. */
  look(evidence: Evidence): ReadonlySet<number> {
    const probes = new Set<number>();
    const { observer, queue } = this.#port;
    for (const task of [...this.#window.values()]) {
      const suspicion = listen(task, evidence);
      if (suspicion === "probe") probes.add(task.band);
      else if (suspicion === "vanished")
        this.#endHere(task.index, task, "dead", "VANISHED", `not seen again after ${task.resends} resends`);
      else if (suspicion === "resend") {
        task.round += 1;
        task.resends += 1;
        reschedule(task, this.#port.clock.now());
        task.sent = false;
        this.#books.resent += 1;
        observer?.({ event: "task_resent", queue, taskId: `${this.id}/${task.index}`, round: task.round });
        task.delayMs = 0;
        this.#resend(task);
      }
    }
    return probes;
  }

  /** The broker refuses for good: there is no point in going on. */
  fail(error: DispatchError): void {
    this.#stop("cancelled", "CANCELLED", error);
  }

  #begin(index: number, ready: OutFrame | Packable, { queue, band, delayMs, ref }: Made): void {
    const place = { index, ref, band, delayMs };
    if ("sizeBytes" in ready) {
      const task = new Outstanding(place, undefined, ready.sizeBytes);
      this.#window.add(task);
      this.#port.pack(ready, task);
      return;
    }
    const task = new Outstanding(place, ready, ready.bytes.length);
    this.#window.add(task);
    this.#port.flush();
    if (this.#leaving.size === 0) this.#send(task, queue, ready);
    else
      this.#leaving.add(
        ready,
        (frame) => this.#endedAt ?? this.#send(task, queue, frame),
        () => {},
      );
  }

  #resend(task: Outstanding): void {
    this.#sendMade(task, this.#port.work(task.band), this.#port.resend(task));
  }

  #sendMade(task: Outstanding, queue: Queue, frame: Eventual<OutFrame>): void {
    if (!(frame instanceof Promise)) this.#send(task, queue, frame);
    else
      frame.then(
        (ready) => this.#send(task, queue, ready),
        (error: DispatchError) => this.fail(error),
      );
  }

  /** An input that cannot be a task ends alone; a blob store that does not answer, or a fault of ours, ends the run. */
  #unmade(index: number, ref: string | undefined, error: unknown): void {
    if (!(error instanceof DispatchError)) throw error;
    if (error.code === "TOO_LARGE") this.#endHere(index, { ref }, "dead", "TOO_LARGE", error.message);
    else if (ofInput.has(error.code)) this.#endHere(index, { ref }, "dead", "INPUT_INVALID", error.message);
    else {
      this.#endHere(index, { ref }, "cancelled", "CANCELLED", error.message);
      this.fail(error);
    }
  }

  #send(task: Outstanding, queue: Queue, frame: OutFrame): void {
    this.#port.send(queue, frame, (outcome) => this.#answered(task, outcome));
  }

  #answered(task: Outstanding, outcome: Sent): void {
    const { clock, observer, queue, task: name } = this.#port;
    if (outcome === "ok" || (outcome === "duplicate" && task.ref === undefined)) {
      task.sent = true;
      task.readyAt = clock.now() + task.delayMs;
      if (task.round > 0) return;
      this.#sent += 1;
      observer?.({
        event: "queue_dispatched",
        queue,
        task: name,
        taskId: `${this.id}/${task.index}`,
        attempt: 1,
        duplicate: false,
      });
    } else if (this.#endedAt !== undefined || this.#window.get(task.index) === undefined) return;
    else if (outcome === "duplicate")
      this.#endHere(
        task.index,
        task,
        "cancelled",
        "CANCELLED",
        `a task with the id ${task.ref} is in the queue already`,
      );
    else if (outcome === "gone") this.fail(new DispatchError("MISSING", `the queue ${queue} is gone`));
    else if (outcome.code === "TOO_LARGE") this.#endHere(task.index, task, "dead", "TOO_LARGE", outcome.message);
    else this.fail(outcome);
  }

  /** An end that no worker has written. */
  #endHere(
    index: number,
    task: Outstanding | { readonly ref: string | undefined },
    outcome: Outcome,
    code: EndCode,
    message: string,
  ): void {
    const error = { name: "DispatchError", message, code };
    const entry = {
      run: this.id,
      index,
      outcome,
      error,
      round: "round" in task ? task.round : 0,
      attempts: 0,
      copy: 0,
      lost: 0,
      durationMs: 0,
    };
    this.#end("round" in task ? task : { index, ref: task.ref }, entry);
  }

  #end(task: Outstanding | Pick<Outstanding, "index" | "ref">, entry: ResultEntry): void {
    if ("round" in task) this.#window.delete(task);
    const { observer, queue, task: name } = this.#port;
    const { index, outcome, error, attempts, lost, durationMs } = entry;
    const id = `${this.id}/${index}`;
    this.#books.accept(entry);
    observer?.({
      event: "task_ended",
      queue,
      task: name,
      taskId: id,
      attempt: attempts,
      outcome,
      code: error?.code,
      durationMs,
    });
    const ref = task.ref === undefined ? {} : { ref: task.ref };
    const end = outcome === "completed" ? { value: entry.value as O } : { error: error as NonNullable<typeof error> };
    this.#deliver({ index, id, ...ref, outcome, ...end, attempts, lost, durationMs });
  }

  #deliver(result: Result<O>): void {
    if (this.#results.push(result)) this.#window.unread();
    else this.#window.wake();
    this.#maybeEnd();
  }

  /** Ends what is outstanding, and the run with it. */
  #stop(outcome: Outcome, code: EndCode, error: DispatchError | undefined): void {
    if (this.#endedAt !== undefined) return;
    this.#error ??= error;
    this.#inputEnded = true;
    this.#input.abort();
    this.#sending.abort();
    const message = error?.message ?? "the run was cancelled";
    for (const task of [...this.#window.values()]) this.#endHere(task.index, task, outcome, code, message);
    const making = [...this.#making];
    this.#making.clear();
    for (const [index, ref] of making) this.#endHere(index, { ref }, outcome, code, message);
    this.#maybeEnd();
  }

  #late(): DispatchError {
    return new DispatchError("TIMED_OUT", `the run took longer than ${this.#port.globalTimeoutMs} ms`);
  }

  #maybeEnd(): void {
    if (!this.#inputEnded || this.#window.size > 0 || this.#making.size > 0 || this.#endedAt !== undefined) return;
    this.#endedAt = this.#port.clock.now();
    this.#timer?.cancel();
    // A worker in this process may see the end of the run before the run's own timer does.
    const { endsAt, clock } = this.#port;
    if (endsAt !== undefined && this.#books.expired > 0 && clock.wall() >= Math.floor(endsAt))
      this.#error ??= this.#late();
    this.#input.abort();
    this.#sending.abort();
    this.#results.end();
    const code = this.#error instanceof DispatchError ? { code: this.#error.code } : {};
    this.#port.observer?.({ event: "run_finished", queue: this.#port.queue, ...this.summary, ...code });
    this.#port.ended();
    this.#finish();
  }
}

/** The codes of an input that cannot be a task. */
const ofInput: ReadonlySet<Code> = new Set<Code>(["INPUT_INVALID", "CONFIG_INVALID", "UNSUPPORTED"]);
