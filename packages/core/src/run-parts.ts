import type { Sent } from "./call.ts";
import { most } from "./codec/header.ts";
import { newRun } from "./codec/maker.ts";
import type { Clock, Headers, Observer, OutFrame, Queue } from "./contract/index.ts";
import type { Coordinator } from "./coordinator.ts";
import type { DispatcherParts } from "./dispatcher-parts.ts";
import { DispatchError } from "./errors.ts";
import type { Eventual } from "./eventual.ts";
import { inputSettings, type RunSettings } from "./plan/options.ts";
import { planTask } from "./plan/plan.ts";
import { workQueue } from "./queues.ts";
import type { KeptFrame } from "./result/kept-frame.ts";
import { OpenRun } from "./result/open-run.ts";
import type { Packable, RunPort } from "./result/run-port.ts";
import type { Routes } from "./routes.ts";
import { type Input, isInput } from "./send/input.ts";
import { Outbox } from "./send/outbox.ts";
import { Outlets } from "./send/outlets.ts";
import { PackSizer } from "./send/pack-sizer.ts";
import { Packer, type PackerPort, type PackGroup } from "./send/packer.ts";
import { type Kind, type Part, TaskFrames } from "./task-frames.ts";
import { withTrace } from "./tracing.ts";

/**
 * The parts of a run, put together: its frames, its packs, the ways out of its queue, and its place at the coordinator, which brings the results. Methods
 * of a class, since V8 compiles what calls them once: closures of its own for each run had it compile the way of every task anew.
 */
export class RunParts<I, O> implements RunPort<I | Input<I>>, PackerPort<Part> {
  readonly id = newRun();
  readonly idPrefix = `${this.id}/`;
  readonly queue: string;
  readonly task: string;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
  readonly ordered: boolean;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly globalTimeoutMs: number | undefined;
  readonly endsAt: number | undefined;
  hasDeadlines: boolean;
  readonly trace: RunPort<I>["trace"];
  readonly packBytes: number;
  readonly waitMs: number;
  readonly run: OpenRun<O, I | Input<I>>;
  readonly #settings: RunSettings;
  readonly #routes: Routes;
  readonly #coordinator: Coordinator;
  readonly #orphansBefore: number;
  readonly #frames: TaskFrames;
  readonly #packer: Packer<Part>;
  readonly #sizer: PackSizer;
  readonly #outlets: Outlets<Outbox<KeptFrame>>;
  readonly #cancel = () => this.run.cancel();

  constructor(
    { settings: own, observer, tracing, calls, routes, outgoing, coordinator }: DispatcherParts,
    kind: Kind,
    settings: RunSettings,
  ) {
    const { clock, random, queue } = own;
    const { globalTimeoutMs, signal } = settings;
    this.queue = queue;
    this.task = kind.name;
    this.clock = clock;
    this.observer = observer;
    this.ordered = settings.ordered;
    this.maxInFlight = settings.maxInFlight;
    this.maxInFlightBytes = settings.maxInFlightBytes;
    this.globalTimeoutMs = globalTimeoutMs;
    this.endsAt = globalTimeoutMs === undefined ? undefined : clock.wall() + globalTimeoutMs;
    this.hasDeadlines = settings.deadlineMs !== undefined;
    this.trace = tracing === undefined ? undefined : (index) => tracing.begin(queue, kind.name, this.id, index);
    this.packBytes = outgoing.packBytes;
    this.waitMs = own.targetPackMs / 10;
    this.#settings = settings;
    this.#routes = routes;
    this.#coordinator = coordinator;
    this.#orphansBefore = coordinator.orphansTold;
    const until = () => ({ signal: this.run.stopsSending });
    const answered = (kept: KeptFrame, outcome: Sent) => this.run.answered(kept, outcome);
    this.#outlets = new Outlets((to) => new Outbox({ calls, clock, random, queue: to, until, answered }));
    this.#sizer = new PackSizer(own);
    const envelope = { run: this.id, coordinator: coordinator.id, endsAt: this.endsAt };
    this.#frames = new TaskFrames(outgoing, kind, envelope, settings.packs ?? own.packs);
    this.#packer = new Packer<Part>(this);
    this.run = new OpenRun<O, I | Input<I>>(this);
    coordinator.add(this.run as OpenRun);
    if (signal?.aborted) this.#cancel();
    else signal?.addEventListener("abort", this.#cancel, { once: true });
  }

  /** The packer's: the most tasks of a pack. */
  size(): number {
    return this.#sizer.size(this.run.left, this.#coordinator.sharing);
  }

  mayWait(pending: number): boolean {
    return !this.run.inputEnded && this.run.left >= 2 * pending;
  }

  roomToSend(): Promise<void> | undefined {
    return this.run.roomToSend();
  }

  packed(group: PackGroup, parts: readonly Part[]): void {
    const { kept, make } = this.#frames.pack(group, parts, this.#coordinator.id);
    this.run.sendPack(parts, kept, make);
  }

  refOf(input: I | Input<I>): string | undefined {
    return isInput(input) ? input.options?.id : undefined;
  }

  make(input: I | Input<I>, index: number, traced: Headers | undefined): Eventual<KeptFrame | Part> {
    if (index > most.first) throw new DispatchError("INPUT_INVALID", `a run has at most ${most.first + 1} tasks`);
    if (!isInput(input)) return this.#frames.make(input, withTrace(this.#settings, traced), index);
    if (input.invalid !== undefined) throw new DispatchError("INPUT_INVALID", input.invalid);
    const own = inputSettings(this.#settings, input.options);
    planTask(this.#routes, own);
    if (own.deadlineMs !== undefined) this.hasDeadlines = true;
    return this.#frames.make(input.payload, withTrace(own, traced), index);
  }

  resend(lost: KeptFrame): Eventual<OutFrame> {
    return this.#frames.resend(lost);
  }

  apart(one: KeptFrame): Eventual<OutFrame> {
    return this.#frames.apart(one);
  }

  pack(part: Packable): void {
    this.#packer.add((part as Part).group, part as Part, part.sizeBytes);
  }

  flush(): void {
    this.#packer.flush();
  }

  packRest(): void {
    this.#packer.end();
  }

  ran(durationMs: number): void {
    this.#sizer.ran(durationMs);
  }

  work(band: number): Queue {
    return workQueue(this.queue, this.#routes.laneOf(band));
  }

  send(kept: KeptFrame): void {
    this.#outlets.of(kept.way.queue).send(kept);
  }

  room(): Promise<void> | undefined {
    return this.#outlets.room();
  }

  activeWorkers(): number {
    return this.#coordinator.activeWorkers;
  }

  orphans(): number {
    return this.#coordinator.orphans - this.#orphansBefore;
  }

  ended(): void {
    this.#settings.signal?.removeEventListener("abort", this.#cancel);
    this.#coordinator.drop(this.run as OpenRun);
  }
}
