import { randomBytes } from "node:crypto";
import { Calls, type Sent } from "./call.ts";
import { BodyCodec } from "./codec/body.ts";
import { newRun } from "./codec/maker.ts";
import type { Backend, Clock, Headers, Observer, OutFrame } from "./contract/index.ts";
import { Coordinator } from "./coordinator.ts";
import { DispatchError, guard } from "./errors.ts";
import type { Eventual } from "./eventual.ts";
import { checkName } from "./names.ts";
import { Outgoing } from "./outgoing.ts";
import {
  type DispatcherOptions,
  type DispatcherSettings,
  defaults,
  dispatcherSettings,
  inputSettings,
  type RunOptions,
  type RunSettings,
  runSettings,
  type SendOptions,
  type SendSettings,
  sendSettings,
} from "./plan/options.ts";
import { planRun } from "./plan/plan.ts";
import { workQueue } from "./queues.ts";
import type { KeptFrame } from "./result/kept-frame.ts";
import { OpenRun } from "./result/open-run.ts";
import { Run } from "./result/run.ts";
import type { Packable } from "./result/run-port.ts";
import { Routes } from "./routes.ts";
import { Batcher } from "./send/batcher.ts";
import { type Input, isInput } from "./send/input.ts";
import { Outbox } from "./send/outbox.ts";
import { Outlets } from "./send/outlets.ts";
import { PackSizer } from "./send/pack-sizer.ts";
import { Packer } from "./send/packer.ts";
import { pump } from "./send/pump.ts";
import { type Kind, type Part, TaskFrames } from "./task-frames.ts";
import { Tracing } from "./tracing.ts";
import type { Task } from "./work/task.ts";
import { OPEN_MS } from "./worker.ts";

/** What became of a send without a result. */
export interface SentTask {
  /** `run/index`, the id that observers and dead letters speak of. */
  readonly id: string;
  /** A task of the same id was there already: this one was not added. */
  readonly duplicate: boolean;
}

/** Hands out tasks, and collects the results of runs. */
export class Dispatcher implements AsyncDisposable {
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #observer: Observer | undefined;
  readonly #tracing: Tracing | undefined;
  readonly #settings: DispatcherSettings;
  readonly #coordinator: Coordinator;
  readonly #routes: Routes;
  readonly #outgoing: Outgoing;
  /** Sends whose frames are still being made. */
  readonly #making = new Set<Promise<unknown>>();
  readonly #senders: Outlets<Batcher<Single>>;
  #collecting: Promise<void> | undefined;
  #stream = newRun();
  #index = 0;
  #closed: Promise<void> | undefined;

  private constructor(backend: Backend, settings: DispatcherSettings) {
    const { clock, random } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.#observer = guard(settings.observer);
    this.#tracing = Tracing.of(settings.tracer);
    this.#calls = new Calls({ backend, clock, random, observer: this.#observer });
    this.#routes = new Routes(backend.profile);
    const { profile } = backend;
    const codec = new BodyCodec({ ...settings, profile });
    this.#outgoing = new Outgoing({ codec, clock, routes: this.#routes, queue: settings.queue, profile });
    this.#coordinator = new Coordinator(this.#calls, this.#observer, settings, this.#routes, codec);
    const until = () => ({ deadline: clock.now() + defaults.sendTimeoutMs });
    const answered = ({ done }: Single, outcome: Sent) => done(outcome);
    this.#senders = new Outlets((queue) => new Batcher<Single>({ calls: this.#calls, clock, queue, until, answered }));
  }

  /**
   * Opens the queue for sending; with a `coordinator` id also for results, so that those of an earlier process arrive. The backend stays the caller's:
   * `close` does not close it. Throws `CONFIG_INVALID` for a bad option, and a `DispatchError` when the broker cannot be reached.
   */
  static async open(backend: Backend, options: DispatcherOptions = {}): Promise<Dispatcher> {
    const settings = dispatcherSettings(options, randomBytes(6).toString("hex"));
    const dispatcher = new Dispatcher(backend, settings);
    await dispatcher.#open(options.coordinator !== undefined);
    return dispatcher;
  }

  /** The id under which workers send results back. */
  get coordinator(): string {
    return this.#coordinator.id;
  }

  /**
   * Fans inputs out and collects a result for each. Reads the inputs as far as the window allows. Throws `CONFIG_INVALID` or `UNSUPPORTED` for its
   * options, and `CLOSED`; an input that cannot be a task ends as `dead` with `INPUT_INVALID`.
   */
  run<I, O>(
    task: Task<I, O> | string,
    inputs: Iterable<I | Input<I>> | AsyncIterable<I | Input<I>>,
    options: RunOptions = {},
  ): Run<O> {
    this.#mustBeOpen();
    const kind = kindOf(task);
    const { name } = kind;
    const settings = runSettings(options);
    if (!isIterable(inputs))
      throw new DispatchError("CONFIG_INVALID", "inputs is neither an iterable nor an async iterable");
    const { profile } = this.#calls.backend;
    planRun(profile, settings);
    const { clock, random, queue } = this.#settings;
    const tracing = this.#tracing;
    const id = newRun();
    const endsAt = settings.globalTimeoutMs === undefined ? undefined : clock.wall() + settings.globalTimeoutMs;
    const until = () => ({ signal: run.stopsSending });
    const answered = (kept: KeptFrame, outcome: Sent) => run.answered(kept, outcome);
    const calls = this.#calls;
    const outlets = new Outlets((to) => new Outbox<KeptFrame>({ calls, clock, random, queue: to, until, answered }));
    const cancel = () => run.cancel();
    const sizer = new PackSizer(this.#settings);
    const coordinator = this.#coordinator;
    const envelope = { run: id, coordinator: coordinator.id, endsAt };
    const frames = new TaskFrames(this.#outgoing, kind, envelope, settings.packs ?? this.#settings.packs);
    const packer = new Packer<Part>({
      clock,
      packBytes: this.#outgoing.packBytes,
      size: () => sizer.size(run.left, coordinator.sharing),
      mayWait: (pending) => !run.inputEnded && run.left >= 2 * pending,
      waitMs: this.#settings.targetPackMs / 10,
      room: () => run.roomToSend(),
      packed: (group, parts) => {
        const { kept, make } = frames.pack(group, parts, coordinator.id);
        run.sendPack(parts, kept, make);
      },
    });
    const run: OpenRun<O, I | Input<I>> = new OpenRun<O, I | Input<I>>({
      id,
      queue,
      clock,
      task: name,
      observer: this.#observer,
      ordered: settings.ordered,
      maxInFlight: settings.maxInFlight,
      maxInFlightBytes: settings.maxInFlightBytes,
      globalTimeoutMs: settings.globalTimeoutMs,
      endsAt,
      refOf: (input) => (isInput(input) ? input.options.id : undefined),
      trace: tracing === undefined ? undefined : (index) => tracing.begin(queue, name, id, index),
      make: (input, index, traced) => makeFrame(frames, input, settings, index, traced),
      resend: (lost) => frames.resend(lost),
      apart: (one) => frames.apart(one),
      pack: (part: Packable) => packer.add((part as Part).group, part as Part, part.sizeBytes),
      flush: () => packer.flush(),
      packRest: () => packer.end(),
      ran: (durationMs) => sizer.ran(durationMs),
      work: (band) => workQueue(queue, this.#routes.laneOf(band)),
      send: (kept) => outlets.of(kept.way.queue).send(kept),
      room: () => outlets.room(),
      activeWorkers: () => this.#coordinator.activeWorkers,
      orphans: () => this.#coordinator.orphans,
      ended: () => {
        settings.signal?.removeEventListener("abort", cancel);
        this.#coordinator.drop(run as OpenRun);
      },
    });
    this.#coordinator.add(run as OpenRun);
    if (settings.signal?.aborted) cancel();
    else settings.signal?.addEventListener("abort", cancel, { once: true });
    void this.#collect().then(
      () => pump(inputs, run, run.stopsInput).then(() => run.inputOver(), (error: unknown) => run.inputOver(error)), // biome-ignore format: one line each
      (error: DispatchError) => run.fail(error),
    );
    return new Run<O>(run as OpenRun<O>);
  }

  /**
   * Sends one task for which nobody waits. Resolves when the broker has it. Throws `INPUT_INVALID`, `TOO_LARGE`, `QUEUE_FULL`, `CONFIG_INVALID`,
   * `UNSUPPORTED`, `CLOSED`, or after 30 s what keeps the broker away.
   */
  async send<I>(task: Task<I, unknown> | string, payload: I, options: SendOptions = {}): Promise<SentTask> {
    this.#mustBeOpen();
    const kind = kindOf(task);
    const { name } = kind;
    const settings = sendSettings(options);
    const run = this.#stream;
    const index = this.#index++;
    if (this.#index > MOST_INDEX) {
      this.#stream = newRun();
      this.#index = 0;
    }
    const envelope = { run, coordinator: undefined, endsAt: undefined };
    const frames = new TaskFrames(this.#outgoing, kind, envelope, false);
    const traced = this.#tracing?.begin(this.#settings.queue, name, run, index);
    const sending = this.#sendOne(frames, payload, withTrace(settings, traced), index);
    const outcome = await (traced === undefined ? sending : this.#traced(sending, traced));
    const id = `${run}/${index}`;
    const duplicate = outcome === "duplicate";
    this.#observer?.({
      event: "queue_dispatched",
      queue: this.#settings.queue,
      task: name,
      taskId: id,
      attempt: 1,
      duplicate,
      awaited: false,
      trace: traced?.traceparent,
    });
    return { id, duplicate };
  }

  async #sendOne(
    frames: TaskFrames,
    payload: unknown,
    settings: SendSettings,
    index: number,
  ): Promise<"ok" | "duplicate"> {
    const made = frames.make(payload, settings, index) as Eventual<KeptFrame>;
    // Not even a turn of the event loop where the frame is there: `close` right after this must find it.
    const { frame, way } = made instanceof Promise ? await this.#waitFor(made) : made;
    const outcome = await new Promise<Sent>((done) => this.#senders.of(way.queue).add({ frame, done }));
    if (outcome instanceof DispatchError) throw outcome;
    if (outcome === "gone") throw new DispatchError("MISSING", `the queue ${this.#settings.queue} is gone`);
    return outcome;
  }

  /** Its trace ends where it could not be sent. */
  async #traced<T>(sending: Promise<T>, { traceparent = "" }: Headers): Promise<T> {
    try {
      return await sending;
    } catch (error) {
      this.#tracing?.unsent(traceparent, error);
      throw error;
    }
  }

  /** Sends what is under way, cancels the runs, and removes the reply queue. Every call answers the same promise. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(collect: boolean): Promise<void> {
    const { create, leaseMs, queue } = this.#settings;
    const options = {
      receive: [],
      send: [...this.#routes.workQueues(queue), ...this.#routes.delayQueues(queue)],
      create,
      leaseMs,
      clock: this.#clock,
    };
    await this.#calls.open(options, { deadline: this.#clock.now() + OPEN_MS });
    if (collect) await this.#collect();
  }

  /** The reply queue is opened once, when the first run needs it. */
  #collect(): Promise<void> {
    this.#collecting ??= this.#coordinator.open();
    return this.#collecting;
  }

  async #waitFor<T>(made: Promise<T>): Promise<T> {
    this.#making.add(made);
    try {
      return await made;
    } finally {
      this.#making.delete(made);
    }
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#making);
    await Promise.all([...this.#senders.all()].map((sender) => sender.idle()));
    await this.#collecting?.catch(() => {});
    await this.#coordinator.close();
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw new DispatchError("CLOSED", "the dispatcher is closed");
  }
}

/** A send that somebody waits for. */
interface Single {
  readonly frame: OutFrame | undefined;
  done(outcome: Sent): void;
}

function makeFrame(
  frames: TaskFrames,
  input: unknown,
  settings: RunSettings,
  index: number,
  traced: Headers | undefined,
) {
  if (index > MOST_INDEX) throw new DispatchError("INPUT_INVALID", `a run has at most ${MOST_INDEX + 1} tasks`);
  if (!isInput(input)) return frames.make(input, withTrace(settings, traced), index);
  if (input.invalid !== undefined) throw new DispatchError("INPUT_INVALID", input.invalid);
  return frames.make(input.payload, withTrace(inputSettings(settings, input.options), traced), index);
}

/** The trace travels with the headers that a task has of its own. */
function withTrace(settings: SendSettings, traced: Headers | undefined): SendSettings {
  return traced === undefined ? settings : { ...settings, headers: { ...settings.headers, ...traced } };
}

/** What the header's index field can hold. */
const MOST_INDEX = 0xffff_ffff;

function isIterable(value: unknown): boolean {
  const object = Object(value) as object;
  return value !== null && value !== undefined && (Symbol.iterator in object || Symbol.asyncIterator in object);
}

function kindOf(task: Task<never, unknown> | string): Kind {
  const kind = typeof task === "string" ? { name: task, input: undefined } : task;
  checkName("task", kind.name);
  return kind;
}
