import assert from "node:assert/strict";
import {
  type DeadLetter,
  Dispatcher,
  type DispatcherOptions,
  QueueAdmin,
  type Run,
  type WorkerOptions,
} from "@org/dispatch-core";
import type { Backend, Clock, Depth, Profile, Queue, Result } from "@org/dispatch-core/contract";
import { depthOf } from "./depth-sum.ts";
import { EventLog } from "./event-log.ts";
import { shortLeaseMs } from "./facts.ts";
import type { Hooks, SpawnedWorker } from "./hooks.ts";
import { lanesOf, QUEUE } from "./lanes.ts";
import { Ledger } from "./ledger.ts";
import { Outage } from "./outage.ts";
import { Process, type SentFrame } from "./process.ts";
import { seededRandom } from "./random.ts";
import { isSession, isSessioned } from "./sessions.ts";
import { Time } from "./time.ts";
import { type CaseTask, WorkerProcess } from "./worker-process.ts";

export type BackendFactory = (namespace: string) => Backend;

export interface WorldOptions extends Hooks {
  readonly backend: BackendFactory;
  readonly namespace: string;
  /** Makes jitter the same each time; default: the namespace. */
  readonly seed?: string;
  /** What may be late without being wrong, in ms; default 5 on the virtual clock, 2,000 on the machine's. */
  readonly slackMs?: number | undefined;
}

/** A dispatcher in a process of its own. */
export interface DispatcherProcess {
  readonly process: Process;
  readonly dispatcher: Dispatcher;
}

/**
 * Everything that one case needs: a namespace of its own on the backend, a clock, workers and dispatchers in processes of their own, and a record of all
 * that happened. `end` stops what was started.
 */
export class World {
  readonly profile: Profile;
  readonly time: Time;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly events: EventLog;
  /** The frames that processes gave to their backends, in order. */
  readonly sent: SentFrame[] = [];
  /** A lease that this backend can grant, as short as is sensible: what the cases count in. */
  readonly leaseMs: number;
  /** What may be late without being wrong. */
  readonly slackMs: number;
  /** How long the broker is away in the cases about outages. */
  readonly outageMs: number;
  readonly random: () => number;
  readonly #options: WorldOptions;
  readonly #connections: Backend[] = [];
  readonly #workers: WorkerProcess[] = [];
  readonly #dispatchers: DispatcherProcess[] = [];
  readonly #children: SpawnedWorker[] = [];
  readonly #failures: unknown[] = [];
  readonly #processes: Process[] = [];
  readonly #outage: Outage;
  #wallShiftMs = 0;
  #ended = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed ?? options.namespace);
    const first = options.backend(options.namespace);
    this.#connections.push(first);
    this.profile = first.profile;
    this.time = new Time(this.profile.reach);
    this.clock = this.time.clock;
    this.ledger = new Ledger(() => this.clock.now());
    this.events = new EventLog(() => this.clock.now());
    this.leaseMs = shortLeaseMs(this.profile);
    this.slackMs = options.slackMs ?? (this.time.isVirtual ? 5 : 2_000);
    this.outageMs = options.outageMs ?? (this.time.isVirtual ? 120_000 : 10_000);
    this.#outage = new Outage(this.time, options.restart);
  }

  /** A lease of which a sixth is longer than what the machine may be late: for cases in which none may be lost though it is renewed late. */
  get roomyLeaseMs(): number {
    return this.profile.lease.kind === "session" ? this.leaseMs : Math.max(this.leaseMs, this.slackMs * 6);
  }

  /** How long it takes at most until what a crashed process held is there for others, in ms. */
  get lossMs(): number {
    const { lease } = this.profile;
    return lease.kind === "session" ? lease.detectionMs : this.leaseMs + lease.stepMs;
  }

  /** A process with its own connection where the backend can have several. */
  process(kind = "process"): Process {
    const { backend, namespace, proxy = backend } = this.#options;
    const first = this.#connections[0] as Backend;
    const shared = this.profile.reach === "process";
    const connection = !shared ? proxy(namespace) : isSessioned(first) ? first.session() : first;
    if (connection !== first) this.#connections.push(connection);
    const process = new Process({
      name: `${kind}-${this.#processes.length + 1}`,
      connection,
      session: connection !== first && isSession(connection) ? connection : undefined,
      shared,
      clock: this.clock,
      wallShiftMs: this.#wallShiftMs,
      isAway: () => this.#outage.isAway,
      sent: (frame) => this.sent.push(frame),
    });
    this.#processes.push(process);
    return process;
  }

  /** The broker goes away for so long, with all that it has acknowledged, and comes back. Resolves when it is there again. */
  async outage(awayMs: number): Promise<void> {
    await this.#outage.last(awayMs, this.#connections, this.#processes);
  }

  /** The machine's wall clock jumps: what started before does not notice. */
  jumpWall(byMs: number): void {
    this.#wallShiftMs += byMs;
  }

  /** A backend of another namespace, which ends in `name`. */
  elsewhere(name = "other"): Backend {
    const other = this.#options.backend(`${this.#options.namespace}-${name}`);
    this.#connections.push(other);
    return other;
  }

  /** Starts a worker. `prepare` may put faults before its backend. */
  async worker(
    tasks: CaseTask | readonly CaseTask[],
    options: WorkerOptions = {},
    prepare?: (process: Process) => void,
  ): Promise<WorkerProcess> {
    const host = new WorkerProcess(this.process("worker"), this.ledger);
    this.#workers.push(host);
    prepare?.(host.process);
    const start = host.start([tasks].flat() as readonly CaseTask[], {
      ...this.#common(host.process),
      backoff: { baseMs: 100, maxMs: 1_000 },
      drainMs: Math.max(this.leaseMs, this.profile.pollMs),
      abandonMs: 100,
      ...options,
    });
    await this.time.wait(start, "a worker starts");
    return host;
  }

  /** A worker that is followed by another one whenever it crashes, until the world ends. */
  async supervise(tasks: CaseTask | readonly CaseTask[], options: WorkerOptions = {}): Promise<void> {
    const host = await this.worker(tasks, options);
    host.onCrash(() => {
      this.clock.after(this.leaseMs / 10, () => {
        if (!this.#ended) this.supervise(tasks, options).catch((error: unknown) => this.#failures.push(error));
      });
    });
  }

  /**
   * A worker that can be killed, stopped and continued, and serves `{ n, takesMs }` as `SpawnedWorker` says: in a process of its own where there is a hook
   * for that, else in one of this world. Only results tell what the former did: the ledger knows nothing of it.
   */
  async child(concurrency: number): Promise<SpawnedWorker> {
    const { spawnWorker, namespace } = this.#options;
    if (spawnWorker !== undefined && this.profile.reach === "network") {
      const child = await spawnWorker({ namespace, queue: QUEUE, leaseMs: this.leaseMs, concurrency });
      this.#children.push(child);
      return child;
    }
    const handler: CaseTask["handler"] = async (payload, { signal }, host) => {
      const { n, takesMs } = payload as { readonly n: number; readonly takesMs: number };
      await this.sleep(takesMs, host, signal);
      return { n, by: host.id };
    };
    const host = await this.worker({ handler }, { concurrency });
    return {
      id: host.id,
      kill: () => host.crash(),
      freeze: () => host.process.freeze(),
      thaw: () => host.process.thaw(),
      stop: () => host.stop(),
    };
  }

  async dispatcher(options: DispatcherOptions = {}, prepare?: (process: Process) => void): Promise<DispatcherProcess> {
    const process = this.process("dispatcher");
    prepare?.(process);
    // Cases count frames: those about packs ask for them.
    const own = { packs: false, ...this.#common(process), clock: process.clock };
    const open = Dispatcher.open(process.backend, { ...own, ...options });
    const dispatcher = await this.time.wait(open, "a dispatcher opens");
    this.#dispatchers.push({ process, dispatcher });
    return { process, dispatcher };
  }

  async admin(): Promise<QueueAdmin> {
    const process = this.process("admin");
    const options = { queue: QUEUE, leaseMs: this.leaseMs, clock: process.clock, random: this.random };
    return this.time.wait(QueueAdmin.open(process.backend, options), "the queue opens for its admin");
  }

  /** All results of a run; `delayMs`: how much longer than usual it may take. */
  results<O>(run: Run<O>, delayMs = 0): Promise<Result<O>[]> {
    return this.time.wait(run.results(), "the run ends", this.time.patienceMs + delayMs);
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    // Before that a letter that was taken away may still be seen.
    if (this.profile.ackLagMs > 0) await this.time.pass(this.profile.ackLagMs);
    const admin = await this.admin();
    const letters: DeadLetter[] = [];
    const read = async () => {
      for await (const letter of admin.dead.list()) letters.push(letter);
    };
    await this.time.wait(read(), "the dead letters are read");
    return letters;
  }

  /** Where the backend has `depth`; of the work queues: all lanes together. */
  depth(role: "work" | "dead" | "later"): Promise<Depth> {
    const lanes = lanesOf(this.profile).map(({ queue }) => queue);
    const queues = role === "work" ? lanes : [{ role, name: role, of: QUEUE }];
    // The first connection is nobody's, or everybody's.
    return this.time.wait(depthOf(this.#connections[0] as Backend, queues, this), "depth answers");
  }

  /** Waits until nothing is ready or leased in the work queue. Where the backend has `depth`. */
  async rest(): Promise<void> {
    const end = this.clock.now() + this.time.patienceMs;
    for (;;) {
      const { ready, leased } = await this.depth("work");
      if (ready + leased === 0) return;
      assert.ok(this.clock.now() < end, `I20: no rest, ${ready} frames are ready and ${leased} leased`);
      await this.time.pass(this.leaseMs / 10);
    }
  }

  /** Resolves after `ms` of the world's time, or when the signal fires. For handlers: a process that is dead never gets there. */
  sleep(ms: number, host: WorkerProcess, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      host.process.clock.after(ms, resolve);
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** Stops all that was started and closes the backend. Throws what failed on the way. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const child of this.#children) child.kill();
    const stopping: Promise<unknown>[] = [];
    for (const { process } of this.#dispatchers) process.thaw();
    for (const host of this.#started()) {
      host.process.thaw();
      host.worker.abort();
      // A task may still crash it.
      stopping.push(Promise.race([host.stop(), new Promise<void>((resolve) => host.onCrash(resolve))]));
    }
    await this.time.wait(Promise.all(stopping), "all workers stop");
    const closing = this.#dispatchers
      .filter(({ process }) => !process.isDead)
      .map(({ dispatcher }) => dispatcher.close());
    await this.time.wait(Promise.all(closing), "all dispatchers close");
    await this.time.wait(Promise.all(this.#connections.map((one) => one.close())), "the backend closes");
    // Handlers that nobody waits for any more: on the machine's clock their timers would keep the test's process alive.
    for (const { clock } of this.#processes) clock.kill();
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  #started(): WorkerProcess[] {
    return this.#workers.filter(({ process, isStarted }) => isStarted && !process.isDead);
  }

  #common(process: Process) {
    const { leaseMs, random } = this;
    return { queue: QUEUE, leaseMs, random, observer: this.events.observer(process.name) };
  }
}

export { QUEUE } from "./lanes.ts";

/** The work queue of a case for middle priorities, for what goes around core. */
export const WORK: Queue = Object.freeze({ role: "work", name: "normal", of: QUEUE });
/** The queue of its dead letters. */
export const DEAD: Queue = Object.freeze({ role: "dead", name: "dead", of: QUEUE });
