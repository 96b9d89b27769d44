import type { Calls } from "./call.ts";
import type { BodyCodec } from "./codec/body.ts";
import { decodeFrame } from "./codec/frame.ts";
import { wrapping } from "./codec/json.ts";
import { newRun, probeFrame } from "./codec/maker.ts";
import type { Beat, Clock, Observer, Queue, ReplyBody, ResultEntry, Timer } from "./contract/index.ts";
import type { DispatcherSettings } from "./plan/options.ts";
import { replyQueue, workQueue } from "./queues.ts";
import type { KeptFrame } from "./result/kept-frame.ts";
import type { OpenRun } from "./result/open-run.ts";
import { plainEntry } from "./result/plain-entry.ts";
import { Reader } from "./result/reader.ts";
import { Watch } from "./result/watch.ts";
import type { Routes } from "./routes.ts";
import { OPEN_MS } from "./trying.ts";
import { beatEvent } from "./worker-events.ts";

/** Ids of runs that ended here, so that their late results are not taken for an earlier process's. */
const ENDED_RUNS = 1_000;

/** What a beat says beyond this is no lease of anybody's: SQS, with the longest, takes twelve hours. */
const MOST_LEASE_MS = 24 * 3_600_000;

/**
 * Collects the results of all runs of one dispatcher: an ordinary consumer of its reply queue. It watches workers by their beats, and sends again what
 * the broker has lost.
 */
export class Coordinator {
  readonly id: string;
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #observer: Observer | undefined;
  readonly #settings: DispatcherSettings;
  readonly #queue: Queue;
  readonly #routes: Routes;
  readonly #reader: Reader;
  readonly #watch: Watch;
  readonly #runs = new Map<string, OpenRun>();
  readonly #ended = new Set<string>();
  readonly #closing = new AbortController();
  readonly #waitMs: number;
  readonly #lookMs: number;
  /** The longest of its own and those that workers have told it of. */
  #longestLeaseMs: number;
  /** Per band: the latest time from which a task or probe was ready that has been handed out. */
  readonly #passed: number[] = new Array(11).fill(Number.NEGATIVE_INFINITY);
  readonly #probes = new Map<number, { readonly sequence: number; readonly sentAt: number }>();
  readonly #probeRun = newRun();
  #sequence = 0;
  #opening: Promise<void> | undefined;
  /** Was its queue ever asked for? An open that has failed may have made it. */
  #mayBeThere = false;
  #reading: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #lookedAt = 0;
  orphans = 0;
  /** As many as the last run that ended has told of. */
  orphansTold = 0;

  constructor(
    calls: Calls,
    observer: Observer | undefined,
    settings: DispatcherSettings,
    routes: Routes,
    codec: BodyCodec,
  ) {
    const { clock, random, queue, coordinator, leaseMs, resendAfterMs, heartbeatTimeoutMs } = settings;
    this.id = coordinator;
    this.#calls = calls;
    this.#routes = routes;
    this.#clock = clock;
    this.#observer = observer;
    this.#settings = settings;
    this.#queue = replyQueue(queue, coordinator);
    this.#watch = new Watch(heartbeatTimeoutMs);
    this.#waitMs = Math.min(20_000, Math.ceil(resendAfterMs / 12));
    this.#lookMs = Math.ceil(Math.min(resendAfterMs / 12, heartbeatTimeoutMs / 4));
    this.#longestLeaseMs = leaseMs;
    this.#reader = new Reader({
      calls,
      clock,
      random,
      leaseMs,
      queue: this.#queue,
      waitMs: this.#waitMs,
      decode: (bytes) => decodeFrame(bytes, queue, ""),
      body: (frame) => codec.decodeBody(frame, wrapping.reply),
      acked: (frame) => void codec.removeBlob(frame),
      reply: (body) => this.#reply(body),
      beat: (beat) => this.#beat(beat),
      rejected: ({ bad, detail }, bytes) => observer?.({ event: "frame_rejected", queue, code: bad, detail, bytes }),
    });
  }

  get activeWorkers(): number {
    return this.#watch.active(this.#clock.now());
  }

  /** Workers among which what is left is shared, as far as they have been heard of. */
  get sharing(): number {
    return this.#watch.sharing(this.#clock.now());
  }

  /** Once; where that fails, whoever needs it next tries again. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** The reply queue is its own to make, whoever makes the others: nobody else knows its name. */
  async #open(): Promise<void> {
    const { create, leaseMs } = this.#settings;
    const options = {
      receive: [this.#queue],
      send: [],
      create: create || this.#ownsQueue,
      leaseMs,
      clock: this.#clock,
    };
    this.#mayBeThere = true;
    await this.#calls.open(options, { deadline: this.#clock.now() + OPEN_MS, signal: this.#closing.signal });
    if (this.#closing.signal.aborted) return;
    this.#lookedAt = this.#clock.now();
    this.#reading = this.#reader.run(this.#closing.signal);
    this.#schedule();
  }

  add(run: OpenRun): void {
    this.#runs.set(run.id, run);
  }

  drop(run: OpenRun): void {
    this.#runs.delete(run.id);
    this.orphansTold = this.orphans;
    this.#ended.add(run.id);
    if (this.#ended.size > ENDED_RUNS) for (const oldest of this.#ended) return void this.#ended.delete(oldest);
  }

  /** An orderly end removes the reply queue; what still comes for it is undeliverable. */
  async close(): Promise<void> {
    for (const run of [...this.#runs.values()]) run.cancel();
    this.#closing.abort();
    await this.#opening?.catch(() => {});
    this.#timer?.cancel();
    await this.#reading;
    if (!this.#mayBeThere || !this.#ownsQueue) return;
    const until = { deadline: this.#clock.now() + CLOSE_MS };
    await this.#calls.ask("remove", until, (backend, signal) => backend.remove(this.#queue, signal)).catch(() => {});
  }

  /** Not so where all coordinators have one topic. */
  get #ownsQueue(): boolean {
    return this.#calls.backend.profile.verbs.includes("remove");
  }

  #reply(body: ReplyBody): void {
    this.#watch.alive(body.worker, this.#clock.now());
    for (const entry of body.results) this.#result(entry);
    for (const { run, triples } of body.plain) {
      const open = this.#runs.get(run);
      for (let at = 0; at < triples.length; at += 3) {
        const index = triples[at] as number;
        const durationMs = (triples[at + 1] as number) / 1_000;
        const kept = open?.acceptPlain(index, durationMs, triples[at + 2]);
        if (kept === undefined) this.#result(plainEntry(run, index, durationMs, triples[at + 2]));
        else this.#pass(kept);
      }
    }
    for (const { run, sequence } of body.probes) {
      if (run !== this.#probeRun) continue;
      for (const [band, probe] of this.#probes) {
        if (probe.sequence !== sequence) continue;
        this.#probes.delete(band);
        this.#passUntil(band, probe.sentAt);
      }
    }
  }

  #result(entry: ResultEntry): void {
    const run = this.#runs.get(entry.run);
    if (run !== undefined) {
      const kept = run.accept(entry);
      if (kept !== undefined) this.#pass(kept);
      return;
    }
    const taskId = `${entry.run}/${entry.index}`;
    const { queue } = this.#settings;
    if (this.#ended.has(entry.run)) {
      this.#observer?.({ event: "result_duplicate", queue, taskId, outcome: entry.outcome, fenced: false });
      return;
    }
    this.orphans += 1;
    this.#observer?.({ event: "orphan", queue, taskId, result: entry });
  }

  #beat(beat: Beat): void {
    const now = this.#clock.now();
    const { heartbeatTimeoutMs } = this.#settings;
    const leaseMs = this.#leaseOf(beat);
    const patience = leaseMs / this.#settings.leaseMs;
    this.#watch.beat(beat, now, patience);
    this.#observer?.(beatEvent("beat_received", this.#settings.queue, beat));
    for (const [id, first, count = 1] of beat.held ?? []) {
      const run = this.#runs.get(id);
      if (run === undefined) continue;
      for (const kept of run.held(first, count)) {
        this.#pass(kept);
        kept.heldUntil = now + heartbeatTimeoutMs * patience;
        kept.backAt = now + this.#goneMs(leaseMs);
      }
    }
    for (const [run, index, delayMs] of beat.retries) this.#runs.get(run)?.retried(index, now + delayMs);
    const { queue } = this.#settings;
    for (const [run, index, value] of beat.progress) {
      this.#observer?.({ event: "task_progress", queue, taskId: `${run}/${index}`, workerId: beat.worker, value });
    }
  }

  /** Beats come every third of their worker's lease, which may be longer than the dispatcher's own: that worker may be silent for longer, too. */
  #leaseOf({ worker, leaseMs: said = 0 }: Beat): number {
    const { leaseMs: own } = this.#settings;
    const leaseMs = Math.min(Math.max(own, said), Math.max(own, MOST_LEASE_MS));
    if (leaseMs > own && this.#longestLeaseMs === own) {
      const message = `worker ${worker} has a leaseMs of ${leaseMs}, this dispatcher one of ${own}: give both the same, or it knows of a crash too late`;
      this.#observer?.({ event: "warning", code: "MISMATCH", message });
    }
    this.#longestLeaseMs = Math.max(this.#longestLeaseMs, leaseMs);
    return leaseMs;
  }

  /** From a beat to when its worker, gone just before the next one, has lost what it named. */
  #goneMs(leaseMs: number): number {
    const { lease } = this.#calls.backend.profile;
    return leaseMs / 3 + leaseMs + (lease.kind === "session" ? lease.detectionMs : lease.stepMs);
  }

  /** A frame has been handed out: what was ready before it at its band should have been, too. */
  #pass({ sent, way, readyAt }: KeptFrame): void {
    if (sent) this.#passUntil(way.band, readyAt);
  }

  #passUntil(band: number, readyAt: number): void {
    this.#passed[band] = Math.max(this.#passed[band] ?? Number.NEGATIVE_INFINITY, readyAt);
  }

  #schedule(): void {
    this.#timer = this.#clock.after(
      this.#lookMs,
      () => void this.#look().finally(() => this.#closing.signal.aborted || this.#schedule()),
      true,
    );
  }

  async #look(): Promise<void> {
    const now = this.#clock.now();
    for (const gone of this.#watch.silent(now))
      this.#observer?.({ event: "heartbeat_timeout", queue: this.#settings.queue, ...gone });
    const elapsedMs = now - this.#lookedAt;
    this.#lookedAt = now;
    if (this.#runs.size === 0) return;
    const { resendAfterMs, maxResends } = this.#settings;
    const repliesRead = now - this.#reader.emptyAt <= this.#waitMs + this.#lookMs;
    const evidence = {
      now,
      elapsedMs,
      repliesRead,
      passed: this.#passed,
      queueEmpty: await this.#queueEmpty(),
      goneMs: this.#goneMs(this.#longestLeaseMs),
      resendAfterMs,
      maxResends,
    };
    const probes = new Set<number>();
    for (const run of [...this.#runs.values()]) for (const band of run.look(evidence)) probes.add(band);
    await Promise.all([...probes].map((band) => this.#probe(band)));
  }

  /** Where later frames may overtake earlier ones, only a queue without anything ready proves that a task is not just waiting. */
  async #queueEmpty(): Promise<boolean> {
    const { order, sharing, verbs } = this.#calls.backend.profile;
    if (order === "fifo" && sharing === "message") return true;
    if (!verbs.includes("depth")) return false;
    const until = { deadline: this.#clock.now() + this.#lookMs, signal: this.#closing.signal };
    const queues = this.#routes.workQueues(this.#settings.queue);
    const depths = queues.map((queue) => this.#calls.depth(queue, until));
    return Promise.all(depths).then(
      (all) => all.every(({ ready }) => ready === 0),
      () => false,
    );
  }

  /** One probe at a time and band, at the band's own priority; one that was lost is sent again. */
  async #probe(band: number): Promise<void> {
    const sentAt = this.#clock.now();
    const before = this.#probes.get(band);
    if (before !== undefined && sentAt - before.sentAt < this.#settings.resendAfterMs) return;
    this.#sequence += 1;
    this.#probes.set(band, { sequence: this.#sequence, sentAt });
    const frame = probeFrame(this.#probeRun, this.#sequence, this.id, band, this.#clock.wall());
    const queue = workQueue(this.#settings.queue, this.#routes.laneOf(band));
    await this.#calls.send(queue, [frame], { deadline: sentAt + this.#lookMs, signal: this.#closing.signal });
  }
}

const CLOSE_MS = 5_000;
