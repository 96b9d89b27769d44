import { randomBytes } from "node:crypto";
import { Calls, pause, within } from "./call.ts";
import { BodyCodec } from "./codec/body.ts";
import { hopFrame } from "./codec/hop.ts";
import { encodeJson } from "./codec/json.ts";
import { beatFrame, deadFrame, replyFrame } from "./codec/maker.ts";
import type { Backend, BadFrame, Clock, Delivery, Frame, Observer, Queue, WorkerStatus } from "./contract/index.ts";
import { Delays } from "./delays.ts";
import { DispatchError, guard, printed } from "./errors.ts";
import { Fetching, takeBackCredit } from "./fetching.ts";
import { Intake } from "./intake.ts";
import type { HeldTask, Hold } from "./lease/hold.ts";
import { Keeper } from "./lease/keeper.ts";
import { Packs, wholeOf } from "./packs.ts";
import { type WorkerOptions, type WorkerSettings, workerSettings } from "./plan/options.ts";
import { planWorker } from "./plan/plan.ts";
import { deadQueue, replyQueue } from "./queues.ts";
import { type Route, Routes } from "./routes.ts";
import { ServedTasks } from "./served-tasks.ts";
import { completion, type Decision, decide } from "./settle/decision.ts";
import { Settler } from "./settle/settler.ts";
import type { Verdict } from "./settle/verdict.ts";
import { verdictOf } from "./verdicts.ts";
import { admit, EXPIRED, isExpired, type Refusal } from "./work/admission.ts";
import { Beater } from "./work/beater.ts";
import { LastChance } from "./work/last-chance.ts";
import { PooledClock } from "./work/pooled-clock.ts";
import { Rest } from "./work/rest.ts";
import type { HandlerEnd } from "./work/running.ts";
import { Slots } from "./work/slots.ts";
import type { Task } from "./work/task.ts";
import { type About, aboutOf, beatEvent, leasedEvent, settledEvent } from "./worker-events.ts";

/** How long the first connection may take before `start` gives up. */
export const OPEN_MS = 30_000;

/** Room for what stands around the results of a frame: its header, and the worker's name. */
const FRAME_HEAD_BYTES = 1_024;

/** Progress is for a bar or a line of a log. */
const PROGRESS_BYTES = 16_384;

/** Room for what stands around the value of a result. */
const RESULT_HEAD_BYTES = 512;

/**
 * Leases the tasks of one queue, proves that it is alive, runs their handlers, and settles them. Here the stages are only put together: fetch → admit →
 * lease → slots → verdict → settle; each one's policy is its own.
 */
export class Worker implements AsyncDisposable {
  readonly id: string;
  readonly #settings: WorkerSettings;
  readonly #tasks: ServedTasks;
  readonly #clock: Clock;
  readonly #observer: Observer | undefined;
  readonly #calls: Calls;
  readonly #routes: Routes;
  /** The lanes, highest first. */
  readonly #queues: readonly Queue[];
  readonly #dead: Queue;
  readonly #keeper: Keeper;
  readonly #settler: Settler<HeldTask>;
  readonly #beater: Beater;
  readonly #intake: Intake;
  readonly #fetching: Fetching;
  readonly #delays: Delays;
  readonly #slots: Slots<HeldTask>;
  readonly #packs: Packs;
  readonly #lastChance: LastChance;
  readonly #rest: Rest<HeldTask>;
  readonly #releaseByCopy: boolean;
  readonly #codec: BodyCodec;
  readonly #taking = new AbortController();
  readonly #receiving = new AbortController();
  readonly #hurry = new AbortController();
  #fetched: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  #finished = 0;
  #released = 0;

  private constructor(backend: Backend, tasks: ServedTasks, settings: WorkerSettings) {
    const { clock, random, leaseMs, queue } = settings;
    const { profile } = backend;
    this.id = settings.id;
    this.#settings = settings;
    this.#tasks = tasks;
    this.#clock = clock;
    this.#observer = guard(settings.observer);
    this.#routes = new Routes(profile);
    this.#queues = this.#routes.workQueues(queue);
    this.#dead = deadQueue(queue);
    this.#releaseByCopy = profile.redelivery !== "losses" || !profile.requeueKeepsPriority;
    const codec = new BodyCodec({ ...settings, profile });
    this.#codec = codec;
    // Where acks are durable only after a while, a frame that is given back must not be taken alone before its own ack is.
    // Where delays are coarse, it must not stay away for longer than single frames are taken: two such frames would come back together for ever.
    const { delayPrecisionMs } = profile.limits;
    const stepMs = Math.max(settings.backoff.baseMs, Math.ceil(profile.ackLagMs * 1.5), delayPrecisionMs);
    this.#lastChance = new LastChance(clock, stepMs, () => this.#fetching.wake());
    const calls = new Calls({ backend, clock, random, observer: this.#observer });
    this.#rest = new Rest(clock, profile.ackLagMs);
    const reply = (coordinator: string) => replyQueue(queue, coordinator);
    this.#calls = calls;
    this.#keeper = new Keeper({
      calls,
      clock,
      random,
      leaseMs,
      totalCapMs: profile.lease.totalCapMs,
      onBeat: () => this.#beater.beat(),
      onCap: (hold) => this.#capped(hold),
    });
    this.#beater = new Beater({
      calls,
      clock,
      leaseMs,
      reply,
      worker: this.id,
      slots: settings.concurrency,
      busy: () => this.#slots.running,
      held: () => this.#keeper.holds(),
      beatFrame: (beat) => beatFrame(beat, clock.wall()),
      sent: (beat) => this.#observer?.(beatEvent("beat_sent", queue, beat)),
    });
    // Each task has a timeout, and hardly any comes to it.
    const pooledClock = new PooledClock(clock);
    this.#packs = new Packs({
      clock: pooledClock,
      codec,
      targetPackMs: settings.targetPackMs,
      maxLost: settings.maxLost,
      lossNeedsCopy: profile.redelivery === "once",
      retryMs: settings.backoff.baseMs,
      stopping: () => this.#stopped !== undefined,
      wasForwarded: (frame) => this.#settler.wasForwarded(frame),
      admit: (task, lane) => this.#admitTask(task, lane),
      admitted: () => this.#slots.fill(),
      withdraw: (wanted) => this.#withdraw(wanted),
      settle: (task, verdict) => this.#settle(task, verdict),
      bad: (task, bad, letter) => this.#bad(task, bad, letter),
    });
    this.#settler = new Settler<HeldTask>({
      calls,
      clock,
      profile,
      reply,
      worker: this.id,
      work: (frame, delayMs) => this.#route(frame, delayMs).queue,
      dead: this.#dead,
      replyBytes: codec.roomBytes - FRAME_HEAD_BYTES,
      alone: (frame) => this.#packs.alone(frame),
      copy: (frame, counters, delayMs) => {
        const route = this.#route(frame, delayMs);
        return hopFrame(frame, counters, route.delayMs, route.waiting);
      },
      deadLetter: (frame, counters, death) => deadFrame(frame, counters, death, codec),
      replyFrame: (json, until) => replyFrame(json, clock.wall(), codec, until),
      mayWrite: ({ hold, whole }) => this.#keeper.apply(hold, whole ? "settle" : "prove", clock.now()),
      mayAck: ({ hold }) => hold.state.at === "settling" || this.#keeper.apply(hold, "settle", clock.now()),
      settled: (task, decision, delivered, acked) => this.#settled(task, decision, delivered, acked),
      refused: ({ hold }) => void this.#keeper.apply(hold, "refused"),
    });
    this.#slots = new Slots<HeldTask>({
      clock: pooledClock,
      concurrency: settings.concurrency,
      weights: this.#routes.lanes.map(({ weight }) => weight),
      timeoutMs: settings.timeoutMs,
      abandonMs: settings.abandonMs,
      logger: settings.logger,
      task: (name) => tasks.get(name) as Task,
      payload: ({ frame, loaded }, signal) =>
        loaded === undefined ? tasks.payload(frame, codec, signal) : tasks.checked(frame, loaded),
      unloaded: (task, error) => this.#unloaded(task, error),
      mayBegin: (task) => this.#mayBegin(task),
      isHeld: (task) => !task.ended && Number.isFinite(task.deadline),
      bad: (task, bad) => this.#bad(task, bad),
      started: (task) => {
        this.#packs.begun(task);
        const { lost, frame } = task;
        this.#observer?.({ event: "task_started", ...this.#about(task), lost, sentAt: frame.firstSentAt });
      },
      ended: (task, end, durationMs) => this.#ended(task, end, durationMs),
      freed: (task, abandoned) => {
        if (abandoned !== undefined)
          this.#observer?.({ event: "slot_abandoned", ...this.#about(task), code: abandoned });
        this.#fetching.wake();
      },
      progress: (frame, value) => this.#progressed(frame, value),
    });
    this.#intake = new Intake({
      calls,
      clock,
      leaseMs,
      observer: this.#observer,
      keeper: this.#keeper,
      dead: this.#dead,
      codec,
      lost: (hold, why) => this.#lost(hold, why),
    });
    this.#fetching = new Fetching({
      calls,
      clock,
      random,
      leaseMs,
      concurrency: settings.concurrency,
      queues: this.#queues,
      weights: this.#routes.lanes.map(({ weight }) => weight),
      load: () => ({ held: this.#keeper.tasks, zombies: this.#slots.zombies, waiting: this.#slots.waiting }),
      most: (capacity, held) => this.#lastChance.most(capacity, held),
      granted: (lane, deliveries, requestedAt) => this.#granted(lane, deliveries, requestedAt),
    });
    this.#delays = new Delays({
      calls,
      clock,
      random,
      leaseMs,
      queue,
      observer: this.#observer,
      routes: this.#routes,
      codec,
      worker: this.id,
      sentOn: () => this.#rest.sentOn(),
    });
  }

  /**
   * Begins to take tasks; resolves when the queue is open. The backend stays the caller's: `stop` does not close it. Throws `CONFIG_INVALID` for a bad
   * option or two tasks of one name, `UNSUPPORTED` for what the backend cannot do, and a `DispatchError` when the broker cannot be reached.
   */
  static async start(backend: Backend, tasks: Task | readonly Task[], options: WorkerOptions = {}): Promise<Worker> {
    const settings = workerSettings(options, randomBytes(6).toString("hex"));
    const served = [tasks].flat() as readonly Task[];
    planWorker(backend.profile, { ...settings, tasks: served });
    const worker = new Worker(backend, new ServedTasks(served), settings);
    await worker.#open();
    return worker;
  }

  get status(): WorkerStatus {
    return {
      held: this.#keeper.size,
      tasks: this.#keeper.tasks,
      running: this.#slots.running,
      finished: this.#finished,
      released: this.#released,
    };
  }

  /**
   * Takes nothing new, gives back what has not begun, lets handlers finish for `drainMs`, then aborts them and sends their tasks on as copies, and waits
   * for at most `abandonMs` more. No attempt is counted. Every call answers the same promise.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Ends the wait for handlers now: of a stop that is under way, or of one that begins with this. */
  abort(): void {
    this.#hurry.abort();
    void this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #open(): Promise<void> {
    const { queue, create, leaseMs, concurrency } = this.#settings;
    const receive = [...this.#queues, ...this.#routes.delayQueues(queue)];
    const options = { receive, send: [...receive, this.#dead], create, leaseMs, clock: this.#clock };
    await this.#calls.open(options, { deadline: this.#clock.now() + OPEN_MS });
    this.#observer?.({
      event: "worker_started",
      queue,
      workerId: this.id,
      slots: concurrency,
      tasks: this.#tasks.names,
      status: () => this.status,
    });
    this.#fetched = this.#fetching.run(this.#taking.signal, this.#receiving.signal);
    this.#delays.run(this.#taking.signal);
  }

  async #stop(): Promise<void> {
    const { queue, drainMs, abandonMs, leaseMs } = this.#settings;
    this.#packs.giveBack([...this.#slots.close(), ...this.#rest.withdraw(() => true)]);
    this.#taking.abort();
    const takeBack = async () => {
      this.#receiving.abort();
      await this.#fetched;
      const queues = [...this.#queues, ...this.#routes.delayQueues(queue)];
      await takeBackCredit({ calls: this.#calls, clock: this.#clock, leaseMs }, queues, abandonMs);
    };
    // A poll that cannot be called back ends by itself, within the drain: what it still brings goes back from here. Released by `close`, it could count.
    const polls = this.#calls.backend.profile.pollMs > 0 ? this.#fetched : undefined;
    if (polls === undefined) await takeBack();
    const drained = new AbortController();
    void this.#slots.empty().then(() => drained.abort());
    const ended = new AbortController();
    void Promise.all([this.#slots.empty(), polls]).then(() => ended.abort());
    await pause(this.#clock, drainMs, AbortSignal.any([ended.signal, this.#hurry.signal]));
    if (polls !== undefined) await takeBack();
    this.#slots.stopAll("SHUTTING_DOWN");
    // What a broker that is away does not take in time is left to the leases: a stop ends in its bound.
    await Promise.all([
      within(this.#clock, this.#settler.idle(), abandonMs),
      pause(this.#clock, abandonMs, drained.signal),
    ]);
    this.#beater.beat();
    this.#keeper.close();
    await within(this.#clock, this.#delays.close(), abandonMs);
    this.#observer?.({
      event: "worker_stopped",
      queue,
      workerId: this.id,
      finished: this.#finished,
      released: this.#released,
    });
  }

  async #granted(lane: number, deliveries: readonly Delivery[], requestedAt: number): Promise<void> {
    const holds = await this.#intake.holds(this.#queues[lane] as Queue, deliveries, requestedAt);
    this.#fetching.brought(holds.length, holds.reduce((tasks, { left }) => tasks + left, 0)); // biome-ignore format: one line
    if (this.#observer !== undefined) {
      const leased = leasedEvent(holds, this.#settings.queue, this.id, this.#clock.wall());
      if (leased !== undefined) this.#observer(leased);
    }
    for (const hold of holds) this.#admit(hold, lane);
    // Someone before us had it and is gone, perhaps without ever having told its coordinator; a beat says that it is in good hands again.
    if (holds.some(({ lost }) => lost > 0)) this.#beater.beat();
    this.#slots.fill();
  }

  #admit(hold: Hold, lane: number): void {
    const task = wholeOf(hold);
    if (hold.lost > hold.frame.lost) this.#rest.met(hold.frame);
    if (this.#stopped !== undefined) this.#settle(task, released("released", 0));
    else if (this.#settler.wasForwarded(task.frame)) this.#settle(task, { kind: "done" });
    else if (this.#lastChance.isTaken && this.#holdsOthers) {
      // What another lane's standing receive still brings must not be run beside a last chance: it could take it down.
      this.#settle(task, released("last_chance", this.#lastChance.met()));
    } else if (task.frame.count > 1) this.#packs.take(task, lane);
    else this.#admitTask(task, lane);
  }

  #admitTask(task: HeldTask, lane: number): void {
    const { frame, lost, whole } = task;
    if (!whole && this.#settler.wasForwarded(frame)) {
      this.#settle(task, { kind: "done" });
      return;
    }
    const { maxLost } = this.#settings;
    // Asked only when it matters: it means to look at all that runs.
    const others = lost >= maxLost && this.#holdsOthers;
    const known = this.#tasks.of(frame) !== undefined;
    const admission = admit(frame, { lost, maxLost, others, known, clock: this.#clock });
    const goesOn = admission === "run" || admission === "run-alone" || admission === "give-back";
    if (admission === "answer-probe") this.#settle(task, { kind: "done" });
    else if (whole && goesOn && lost > frame.lost && this.#calls.backend.profile.redelivery === "once") {
      // The broker remembers one loss at most: it is written into a copy before the frame can be lost again.
      this.#settle(task, { kind: "released", reason: "lost", delayMs: 0, begun: true, durationMs: 0 });
    } else if (admission === "give-back") {
      this.#settle(task, released("last_chance", this.#lastChance.met()));
    } else if (admission === "run" || admission === "run-alone") {
      if (admission === "run-alone") this.#lastChance.took();
      // Handed on for the second time: it may have cost whoever did that before.
      if (!this.#rest.isDue(frame, lost) && !this.#delays.hasSentAgain(frame)) this.#slots.add(task, lane);
      else this.#addRested(task, lane);
    } else this.#settle(task, refused(admission));
  }

  #addRested(task: HeldTask, lane: number): void {
    this.#rest.before(task, () => {
      this.#slots.add(task, lane);
      this.#slots.fill();
    });
  }

  get #holdsOthers(): boolean {
    return this.#keeper.size + this.#slots.zombies > 1;
  }

  #mayBegin(task: HeldTask): boolean {
    if (!isExpired(task.frame, this.#clock)) return this.#keeper.apply(task.hold, "begin", this.#clock.now());
    this.#settle(task, refused(EXPIRED));
    return false;
  }

  #ended(task: HeldTask, end: HandlerEnd, durationMs: number): void {
    this.#fetching.ran(durationMs);
    const valueBytes = this.#codec.mostBytes - FRAME_HEAD_BYTES - RESULT_HEAD_BYTES;
    const verdict = verdictOf(end, durationMs, valueBytes, this.#settings.retryable);
    if (verdict.kind === "failed" && verdict.timedOut)
      this.#observer?.({ event: "task_timed_out", ...this.#about(task), durationMs });
    this.#settle(task, verdict);
  }

  /** Taken as it is now, since it may change later; a value that cannot travel costs nothing but itself. */
  #progressed(frame: Frame, value: unknown): void {
    try {
      const json = encodeJson(value ?? null);
      if (json.length > PROGRESS_BYTES)
        throw new DispatchError("TOO_LARGE", `progress of ${json.length} characters, the most is ${PROGRESS_BYTES}`);
      this.#beater.progressed(frame, JSON.parse(json));
    } catch (error) {
      this.#observer?.({
        event: "warning",
        code: "INPUT_INVALID",
        message: `progress of ${frame.name}: ${printed(error)}`,
      });
    }
  }

  #settle(task: HeldTask, verdict: Verdict): void {
    const { frame, lost } = task;
    if (verdict.kind === "completed") {
      this.#settler.settle(task, completion(verdict, frame));
      return;
    }
    const { backoff, maxAttempts, random } = this.#settings;
    const { releaseDelayMs } = this.#calls.backend.profile;
    const policy = {
      backoff,
      maxAttempts: this.#tasks.of(frame)?.maxAttempts ?? maxAttempts,
      releaseByCopy: this.#releaseByCopy,
      releaseDelayMs,
    };
    const decision = decide(verdict, frame, lost, policy, this.#clock.wall(), random);
    if (decision.kind === "copy") this.#rest.sentOn();
    this.#settler.settle(task, decision);
  }

  #settled(task: HeldTask, decision: Decision, delivered: boolean, acked: boolean): void {
    const { hold, frame, lost } = task;
    if (task.whole) this.#keeper.apply(hold, "settled");
    else {
      task.ended = true;
      const last = this.#keeper.ended(hold);
      if (last && acked) this.#keeper.apply(hold, "settled");
      else if (last) this.#settle(wholeOf(hold), { kind: "done" });
    }
    if (decision.kind === "end") {
      this.#finished += 1;
      // A dead letter still needs what it claims.
      if (decision.death === undefined && task.whole) void this.#codec.removeBlob(frame);
    } else if (decision.kind !== "ack" && !counted.has(decision.reason)) {
      this.#released += 1;
    }
    // Whatever goes back is not lost: its coordinator must not take its silence for that.
    if (decision.kind === "copy" || decision.kind === "release") this.#beater.retried(frame, decision.delayMs);
    if (this.#observer !== undefined) {
      const about = this.#about(task);
      const event = settledEvent(decision, about, lost);
      if (event !== undefined) this.#observer(event);
      if (!delivered && decision.kind === "end")
        this.#observer({ event: "undeliverable", ...about, outcome: decision.ending.outcome });
    }
    this.#letGo();
  }

  #lost(hold: Hold, why: "expired" | "fenced"): void {
    this.#observer?.({ event: "lease_lost", ...aboutOf(hold.frame, this.id), reason: why });
    this.#slots.stop((task) => task.hold === hold, "LEASE_LOST");
    this.#rest.withdraw((task) => task.hold === hold);
    this.#letGo();
  }

  /** The broker would take it away: what has not begun goes back in time, what still runs is somebody's to look at. */
  #capped(hold: Hold): void {
    if (hold.state.at === "held") {
      const waiting = this.#withdraw((task) => task.hold === hold);
      // Its payload may still be on its way.
      this.#packs.giveBack(waiting.length > 0 ? waiting : [wholeOf(hold)]);
    } else if (!hold.isCapTold) this.#packs.sendOn(hold);
    else {
      const { totalCapMs } = this.#calls.backend.profile.lease;
      const { name } = hold.frame;
      const message = `${name} still runs; the broker lets nobody hold a frame for more than ${totalCapMs} ms`;
      this.#observer?.({ event: "warning", code: "LEASE_LOST", message });
    }
  }

  /** Of what has not begun. */
  #withdraw(wanted: (task: HeldTask) => boolean): readonly HeldTask[] {
    return [...this.#slots.withdraw(wanted), ...this.#rest.withdraw(wanted)];
  }

  #route(frame: Frame, delayMs: number): Route {
    const wallMs = this.#clock.wall();
    return this.#routes.route(frame.queue, frame.lane, wallMs + delayMs, wallMs);
  }

  #letGo(): void {
    this.#fetching.wake();
    if (this.#keeper.size === 0) this.#beater.idle();
  }

  /** A payload that cannot be had now is nobody's fault: back with its task, for a while where the store was away. */
  #unloaded(task: HeldTask, error: unknown): void {
    const delayMs = error === undefined || this.#stopped !== undefined ? 0 : this.#settings.backoff.baseMs;
    this.#settle(task, { ...released("released", delayMs), begun: !task.whole });
  }

  /** `letter` false: another task of its pack takes the dead letter along. */
  #bad(task: HeldTask, { bad, detail }: BadFrame, letter = true): void {
    const { frame } = task;
    if (letter)
      this.#observer?.({ event: "frame_rejected", queue: frame.queue, code: bad, detail, bytes: frame.body.length });
    const error = { name: "DispatchError", message: detail, code: bad };
    this.#settle(task, { kind: "ended", outcome: "dead", error, attempted: true, durationMs: 0, letter });
  }

  #about({ frame }: HeldTask): About {
    return aboutOf(frame, this.id);
  }
}

/** Why a frame goes back that was not just given back. */
const counted: ReadonlySet<string> = new Set(["failed", "timed_out", "lost"]);

function refused({ code, message, outcome }: Refusal): Verdict {
  const error = { name: "DispatchError", message, code };
  return { kind: "ended", outcome, error, attempted: false, durationMs: 0 };
}

function released(reason: "released" | "last_chance", delayMs: number) {
  return { kind: "released", reason, delayMs, begun: false, durationMs: 0 } as const;
}
