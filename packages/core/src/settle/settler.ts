import type { Calls, Until } from "../call.ts";
import type { Clock, Counters, DeathNote, Frame, OutFrame, Profile, Queue, Receipt } from "../contract/index.ts";
import { codes, DispatchError } from "../errors.ts";
import type { Decision } from "./decision.ts";
import { probeJson, replyJson, resultJson } from "./reply.ts";

/** A frame that is being settled, as far as the settler must know it. */
export interface Settling {
  readonly receipt: Receipt;
  readonly frame: Frame;
  readonly lost: number;
  readonly deadline: number;
}

/** What the settler needs of the other stages; the worker puts it together. */
export interface SettlerPort<H extends Settling> {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly profile: Profile;
  readonly worker: string;
  work(frame: Frame): Queue;
  readonly dead: Queue;
  reply(coordinator: string): Queue;
  copy(frame: Frame, counters: Counters, delayMs: number): OutFrame;
  deadLetter(frame: Frame, counters: Counters, death: DeathNote): OutFrame;
  replyFrame(json: string): OutFrame;
  /** The most bytes of results in one reply frame. */
  readonly replyBytes: number;
  /** The lease's word: may it still be written? */
  mayWrite(hold: H): boolean;
  /** The broker agreed, or refused. `delivered` false: the coordinator is gone. What is never answered is left to the lease, which ends. */
  settled(hold: H, decision: Decision, delivered: boolean): void;
  refused(hold: H): void;
}

interface Job<H> {
  readonly hold: H;
  readonly decision: Decision;
  readonly json: string | undefined;
  readonly bytes: number;
}

/** Results of one reply frame: more would make one lost lease costly, fewer cost frames. */
const REPLY_RESULTS = 500;

/**
 * Tells the broker what became of frames: in one step where it has `move`, else *send first, ack second*. No lease, no write: each job has passed the
 * lease machine, and no call outlives the leases that it settles. Flushed once a turn of the event loop, so that what ends together travels together.
 */
export class Settler<H extends Settling> {
  readonly #port: SettlerPort<H>;
  /** Whole names that were sent on but perhaps not acked. */
  readonly #forwarded = new Set<string>();
  #jobs: Job<H>[] = [];
  #scheduled = false;
  #working = 0;
  #idle: (() => void)[] = [];

  constructor(port: SettlerPort<H>) {
    this.#port = port;
  }

  /** Has this process already sent the next of this line? Then it came again because its ack was lost. */
  wasForwarded(frame: Frame): boolean {
    return this.#forwarded.size > 0 && this.#forwarded.has(frame.name);
  }

  settle(hold: H, decision: Decision): void {
    if (!this.#port.mayWrite(hold)) return;
    const wanted = decision.kind === "end" && hold.frame.coordinator !== undefined;
    const json = wanted ? resultJson(hold.frame, hold.lost, decision.ending) : undefined;
    this.#jobs.push({ hold, decision, json, bytes: json === undefined ? 0 : Buffer.byteLength(json) });
    this.#schedule();
  }

  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    while (this.#jobs.length > 0 || this.#working > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#port.clock.soon(() => {
      this.#scheduled = false;
      const jobs = this.#jobs;
      this.#jobs = [];
      this.#working += 1;
      void this.#flush(jobs).finally(() => {
        this.#working -= 1;
        if (this.#working === 0 && this.#jobs.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
      });
    });
  }

  async #flush(jobs: readonly Job<H>[]): Promise<void> {
    const plain: Job<H>[] = [];
    const copies: Job<H>[] = [];
    const replies = new Map<string, Job<H>[]>();
    for (const job of jobs) {
      const { coordinator, count } = job.hold.frame;
      const answers = job.json !== undefined || (count === 0 && job.decision.kind === "ack");
      if (job.decision.kind === "copy" || (job.decision.kind === "end" && job.decision.death !== undefined && !answers))
        copies.push(job);
      else if (!answers || coordinator === undefined) plain.push(job);
      else {
        const group = replies.get(coordinator);
        if (group === undefined) replies.set(coordinator, [job]);
        else group.push(job);
      }
    }
    const work: Promise<void>[] = [];
    if (plain.length > 0) work.push(this.#settlePlain(plain, true));
    const group = this.#port.profile.verbs.includes("move") ? this.#moveGroup : this.#sendGroup;
    for (const [coordinator, members] of replies) {
      for (const part of cut(members, this.#port.replyBytes)) work.push(group.call(this, part, coordinator));
    }
    if (copies.length > 0)
      work.push(this.#port.profile.verbs.includes("move") ? this.#moveCopies(copies) : this.#sendCopies(copies));
    await Promise.all(work);
  }

  /** Acks and releases that carry nothing else. */
  async #settlePlain(jobs: readonly Job<H>[], delivered: boolean): Promise<void> {
    const answers = await this.#port.calls.settle(
      jobs.map(({ hold: { receipt }, decision }) =>
        decision.kind === "release"
          ? { kind: "release", receipt, delayMs: decision.delayMs }
          : { kind: "ack", receipt },
      ),
      until(jobs),
    );
    jobs.forEach((job, index) => {
      this.#conclude(job, answers[index], delivered);
    });
  }

  /** Acks, results and dead letters of one coordinator in one step; if a lease is lost or the coordinator gone, once more without it. */
  async #moveGroup(jobs: readonly Job<H>[], coordinator: string): Promise<void> {
    const { calls } = this.#port;
    const reply = this.#port.reply(coordinator);
    let left = jobs;
    let delivered = true;
    while (left.length > 0) {
      const sends = this.#deadLetters(left);
      if (delivered) sends.push({ queue: reply, frame: this.#replyFrame(left) });
      const receipts = left.map(({ hold }) => ({ receipt: hold.receipt, ack: true }));
      const [answer] = await calls.move([{ receipts, sends }], until(left));
      if (typeof answer === "object" && "gone" in answer && delivered) {
        delivered = false;
        continue;
      }
      if (typeof answer === "object" && "lost" in answer) {
        const lost = new Set(answer.lost);
        const gone = left.filter(({ hold }) => lost.has(hold.receipt));
        if (gone.length > 0) {
          for (const { hold } of gone) this.#port.refused(hold);
          left = left.filter(({ hold }) => !lost.has(hold.receipt));
          continue;
        }
      }
      for (const job of left)
        this.#conclude(job, answer instanceof DispatchError ? answer : answer === "ok" ? "ok" : undefined, delivered);
      return;
    }
  }

  /** The same without `move`: dead letters, then the results, then the acks. */
  async #sendGroup(jobs: readonly Job<H>[], coordinator: string): Promise<void> {
    const { calls } = this.#port;
    const letters = this.#deadLetters(jobs);
    let answer: unknown = "ok";
    if (letters.length > 0) {
      const answers = await calls.send(this.#port.dead, letters.map(({ frame }) => frame), until(jobs)); // biome-ignore format: one call
      answer = answers.find((one) => one instanceof DispatchError) ?? "ok";
    }
    if (answer === "ok")
      [answer] = await calls.send(this.#port.reply(coordinator), [this.#replyFrame(jobs)], until(jobs));
    if (answer instanceof DispatchError) for (const job of jobs) this.#conclude(job, answer, true);
    else await this.#settlePlain(jobs, answer !== "gone");
  }

  /** Retries, releases by copy, and dead letters for which nobody waits: each a move of its own. */
  async #moveCopies(jobs: readonly Job<H>[]): Promise<void> {
    const moves = jobs.map((job) => ({
      receipts: [{ receipt: job.hold.receipt, ack: true }],
      sends: [this.#copyOf(job)],
    }));
    const answers = await this.#port.calls.move(moves, until(jobs));
    jobs.forEach((job, index) => {
      const answer = answers[index];
      if (typeof answer === "object" && "lost" in answer) this.#port.refused(job.hold);
      else this.#conclude(job, answer instanceof DispatchError || answer === "ok" ? answer : undefined, true);
    });
  }

  async #sendCopies(jobs: readonly Job<H>[]): Promise<void> {
    const byQueue = new Map<Queue, { job: Job<H>; frame: OutFrame }[]>();
    for (const job of jobs) {
      const { queue, frame } = this.#copyOf(job);
      const group = byQueue.get(queue);
      if (group === undefined) byQueue.set(queue, [{ job, frame }]);
      else group.push({ job, frame });
    }
    await Promise.all(
      [...byQueue].map(async ([queue, group]) => {
        const answers = await this.#port.calls.send(queue, group.map(({ frame }) => frame), until(jobs)); // biome-ignore format: one call
        const sent: Job<H>[] = [];
        group.forEach(({ job }, index) => {
          const answer = answers[index];
          if (answer instanceof DispatchError || answer === "gone")
            this.#conclude(job, answer === "gone" ? undefined : answer, true);
          else sent.push(job);
        });
        for (const { hold } of sent) this.#remember(hold.frame.name);
        if (sent.length > 0) await this.#settlePlain(sent, true);
      }),
    );
  }

  #copyOf({ hold, decision }: Job<H>): { queue: Queue; frame: OutFrame } {
    const port = this.#port;
    if (decision.kind === "copy")
      return { queue: port.work(hold.frame), frame: port.copy(hold.frame, decision.counters, decision.delayMs) };
    if (decision.kind === "end" && decision.death !== undefined) {
      return {
        queue: port.dead,
        frame: port.deadLetter(hold.frame, { ...countersOf(hold.frame), lost: hold.lost }, decision.death),
      };
    }
    throw new TypeError(`no copy is made for ${decision.kind}`);
  }

  #deadLetters(jobs: readonly Job<H>[]): { queue: Queue; frame: OutFrame }[] {
    return jobs
      .filter(({ decision }) => decision.kind === "end" && decision.death !== undefined)
      .map((job) => this.#copyOf(job));
  }

  #replyFrame(jobs: readonly Job<H>[]): OutFrame {
    const results: string[] = [];
    const probes: string[] = [];
    for (const { hold, json } of jobs) {
      if (json === undefined) probes.push(probeJson(hold.frame));
      else results.push(json);
    }
    return this.#port.replyFrame(replyJson(this.#port.worker, results, probes));
  }

  /** The last 10,000 names are plenty: an ack that was lost shows within a lease. */
  #remember(name: string): void {
    this.#forwarded.add(name);
    if (this.#forwarded.size > 10_000) for (const oldest of this.#forwarded) return void this.#forwarded.delete(oldest);
  }

  #conclude(job: Job<H>, answer: "ok" | "lost" | DispatchError | undefined, delivered: boolean): void {
    if (answer === "ok") this.#port.settled(job.hold, job.decision, delivered);
    else if (answer === "lost") this.#port.refused(job.hold);
    else if (answer !== undefined && codes[answer.code].again && this.#port.clock.now() < job.hold.deadline) {
      this.#jobs.push(job);
      this.#schedule();
    }
  }
}

function countersOf({ round, attempt, copy, lost }: Frame): Counters {
  return { round, attempt, copy, lost };
}

/** Groups that fit into a reply frame each. */
function cut<H>(jobs: readonly Job<H>[], replyBytes: number): Job<H>[][] {
  const groups: Job<H>[][] = [];
  let group: Job<H>[] = [];
  let bytes = 0;
  for (const job of jobs) {
    if (group.length >= REPLY_RESULTS || (group.length > 0 && bytes + job.bytes > replyBytes)) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(job);
    bytes += job.bytes + 1;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** A call may take as long as the first of its leases lasts. */
function until(jobs: readonly Job<Settling>[]): Until {
  return { deadline: jobs.reduce((first, { hold }) => Math.min(first, hold.deadline), Number.POSITIVE_INFINITY) };
}
