import { Admitting, type AdmittingParts } from "./admitting.ts";
import type { Calls } from "./call.ts";
import { BodyCodec, FRAME_HEAD_BYTES } from "./codec/body.ts";
import { hopFrame } from "./codec/hop.ts";
import { beatFrames, deadFrame, replyFrame } from "./codec/maker.ts";
import { Concluding, type ConcludingParts } from "./concluding.ts";
import type { Backend, Clock, Frame, Observer, Profile, Queue } from "./contract/index.ts";
import { Delays } from "./delays.ts";
import { Fetching } from "./fetching.ts";
import { Intake } from "./intake.ts";
import type { HeldTask } from "./lease/hold.ts";
import { Keeper } from "./lease/keeper.ts";
import { type Family, openFamily } from "./open-family.ts";
import { Packs } from "./packs.ts";
import type { WorkerSettings } from "./plan/options.ts";
import { deadQueue, replyQueue } from "./queues.ts";
import type { Route, Routes } from "./routes.ts";
import type { ServedTasks } from "./served-tasks.ts";
import { Settler } from "./settle/settler.ts";
import type { Verdict } from "./settle/verdict.ts";
import { reportProgress } from "./task-progress.ts";
import { Tracing } from "./tracing.ts";
import { lossNeedsCopy } from "./work/admission.ts";
import { Beater } from "./work/beater.ts";
import { LastChance } from "./work/last-chance.ts";
import { PooledClock } from "./work/pooled-clock.ts";
import { Rest } from "./work/rest.ts";
import { Slots } from "./work/slots.ts";
import type { Task } from "./work/task.ts";
import { aboutOf, attemptOf, beatEvent, startedEvent } from "./worker-events.ts";

/**
 * The parts of a worker, put together: each knows of the others what it is given here. fetch → admit → lease → slots → verdict → settle; each one's policy is
 * its own.
 */
export class WorkerParts implements AdmittingParts, ConcludingParts {
  readonly settings: WorkerSettings;
  readonly tasks: ServedTasks;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
  readonly profile: Profile;
  readonly calls: Calls;
  readonly codec: BodyCodec;
  readonly routes: Routes;
  /** The lanes, highest first. */
  readonly queues: readonly Queue[];
  readonly receives: readonly Queue[];
  readonly dead: Queue;
  readonly keeper: Keeper;
  readonly settler: Settler<HeldTask>;
  readonly beater: Beater;
  readonly intake: Intake;
  readonly fetching: Fetching;
  readonly delays: Delays;
  readonly slots: Slots<HeldTask>;
  readonly packs: Packs;
  readonly lastChance: LastChance;
  readonly rest: Rest<HeldTask>;
  readonly concluding: Concluding;
  /** Set by a stop. */
  isStopping = false;

  static async open(backend: Backend, tasks: ServedTasks, settings: WorkerSettings): Promise<WorkerParts> {
    const dead = deadQueue(settings.queue);
    const family = await openFamily(backend, settings, (receive) => ({ receive, send: [...receive, dead] }));
    return new WorkerParts(family, tasks, settings);
  }

  private constructor({ calls, routes, observer }: Family, tasks: ServedTasks, settings: WorkerSettings) {
    const { clock, random, leaseMs, queue } = settings;
    const { profile } = calls.backend;
    this.settings = settings;
    this.tasks = tasks;
    this.clock = clock;
    this.profile = profile;
    this.observer = observer;
    this.routes = routes;
    this.queues = routes.workQueues(queue);
    this.receives = routes.queues(queue);
    this.dead = deadQueue(queue);
    const codec = new BodyCodec({ ...settings, profile });
    this.codec = codec;
    this.calls = calls;
    const tracing = Tracing.of(settings.tracer);
    // What has to be added to the monotonic time for the wall's, which goes on with it.
    const aheadMs = clock.wall() - clock.now();
    const admitting = new Admitting(this);
    const concluding = new Concluding(this);
    this.concluding = concluding;
    const route = (frame: Frame, delayMs: number): Route => {
      const wallMs = clock.wall();
      return this.routes.route(frame.queue, frame.lane, wallMs + delayMs, wallMs);
    };
    // Where acks are durable only after a while, a frame that is given back must not be taken alone before its own ack is.
    // Where delays are coarse, it must not stay away for longer than single frames are taken: two such frames would come back together for ever.
    const { delayPrecisionMs } = profile.limits;
    const stepMs = Math.max(settings.backoff.baseMs, Math.ceil(profile.ackLagMs * 1.5), delayPrecisionMs);
    this.lastChance = new LastChance(clock, stepMs, () => this.fetching.wake());
    this.rest = new Rest(clock, profile.ackLagMs);
    const reply = (coordinator: string) => replyQueue(queue, coordinator);
    this.keeper = new Keeper({
      calls,
      clock,
      random,
      leaseMs,
      totalCapMs: profile.lease.totalCapMs,
      onBeat: () => this.beater.beat(),
      onCap: (hold) => concluding.capped(hold),
    });
    this.beater = new Beater({
      calls,
      clock,
      leaseMs,
      reply,
      worker: settings.id,
      slots: settings.concurrency,
      busy: () => this.slots.running,
      held: () => this.keeper.holds(),
      beatFrames: (beat) => beatFrames(beat, clock.wall(), codec.roomBytes - FRAME_HEAD_BYTES),
      sent: (beat) => this.observer?.(beatEvent("beat_sent", queue, beat)),
    });
    // Each task has a timeout, and hardly any comes to it.
    const pooledClock = new PooledClock(clock);
    this.packs = new Packs({
      clock: pooledClock,
      codec,
      targetPackMs: settings.targetPackMs,
      maxLost: settings.maxLost,
      lossNeedsCopy: lossNeedsCopy(profile),
      retryMs: settings.backoff.baseMs,
      stopping: () => this.isStopping,
      wasForwarded: (frame) => this.settler.wasForwarded(frame),
      admit: (task, lane) => admitting.admitTask(task, lane),
      admitted: () => this.slots.fill(),
      withdraw: (wanted) => concluding.withdraw(wanted),
      settle: (task, verdict) => concluding.settle(task, verdict),
      bad: (task, bad, letter) => concluding.bad(task, bad, letter),
    });
    this.settler = new Settler<HeldTask>({
      calls,
      clock,
      profile,
      reply,
      worker: settings.id,
      work: (frame, delayMs) => route(frame, delayMs).queue,
      dead: this.dead,
      replyBytes: codec.roomBytes - FRAME_HEAD_BYTES,
      alone: (frame) => this.packs.alone(frame),
      copy: (frame, counters, delayMs) => {
        const to = route(frame, delayMs);
        return hopFrame(frame, counters, to.delayMs, to.waiting);
      },
      deadLetter: (frame, counters, death) => deadFrame(frame, counters, death, codec),
      replyFrame: (json, until) => replyFrame(json, clock.wall(), codec, until),
      mayWrite: ({ hold, whole }) => this.keeper.apply(hold, whole ? "settle" : "prove", clock.now()),
      mayAck: ({ hold }) => hold.state.at === "settling" || this.keeper.apply(hold, "settle", clock.now()),
      settled: (task, decision, delivered, acked) => concluding.settled(task, decision, delivered, acked),
      refused: ({ hold }) => void this.keeper.apply(hold, "refused"),
    });
    this.slots = new Slots<HeldTask>({
      clock: pooledClock,
      concurrency: settings.concurrency,
      weights: this.routes.lanes.map(({ weight }) => weight),
      timeoutMs: settings.timeoutMs,
      abandonMs: settings.abandonMs,
      logger: settings.logger,
      within: tracing === undefined ? undefined : (task, run) => tracing.within(attemptOf(task, settings.id), run),
      task: (name) => tasks.get(name) as Task,
      payload: (task, signal) =>
        task.isLoaded ? tasks.checked(task.frame, task) : tasks.payload(task.frame, codec, signal),
      unloaded: (task, error) => concluding.unloaded(task, error),
      mayBegin: (task, now) => admitting.mayBegin(task, now),
      isHeld: (task) => task.isHeld,
      bad: (task, bad) => concluding.bad(task, bad),
      started: (task, startedAt) => {
        this.packs.begun(task);
        if (this.observer === undefined) return;
        const ageMs = Math.max(0, startedAt + aheadMs - task.frame.firstSentAt);
        this.observer(startedEvent(task.frame, task.lost, settings.id, ageMs));
      },
      ended: (task, end, durationMs) => concluding.ended(task, end, durationMs),
      freed: (task, abandoned) => {
        if (abandoned !== undefined)
          this.observer?.({ event: "slot_abandoned", ...aboutOf(task.frame, settings.id), code: abandoned });
        this.fetching.wake();
      },
      progress: (frame, value) => reportProgress(frame, value, this.beater, this.observer),
    });
    this.intake = new Intake({
      calls,
      clock,
      leaseMs,
      observer: this.observer,
      keeper: this.keeper,
      dead: this.dead,
      codec,
      lost: (hold, why) => concluding.lost(hold, why),
    });
    this.fetching = new Fetching({
      calls,
      clock,
      random,
      leaseMs,
      concurrency: settings.concurrency,
      queues: this.queues,
      weights: this.routes.lanes.map(({ weight }) => weight),
      load: () => ({ held: this.keeper.tasks, zombies: this.slots.zombies, waiting: this.slots.waiting }),
      most: (capacity, held) => this.lastChance.most(capacity, held),
      granted: (lane, deliveries, requestedAt) =>
        admitting.granted(this.queues[lane] as Queue, lane, deliveries, requestedAt),
    });
    this.delays = new Delays({
      calls,
      clock,
      random,
      leaseMs,
      queue,
      observer: this.observer,
      routes: this.routes,
      codec,
      worker: settings.id,
      sentOn: () => this.rest.sentOn(),
    });
  }

  settle(task: HeldTask, verdict: Verdict): void {
    this.concluding.settle(task, verdict);
  }
}
