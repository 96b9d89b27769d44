import type { Frame } from "../contract/index.ts";
import { codes, DispatchError } from "../errors.ts";
import type { Eventual } from "../eventual.ts";
import type { Decision } from "./decision.ts";
import { type Conclude, isDeath, Job, type SettlerPort, type Settling, until, type Writing } from "./job.ts";
import { moving } from "./moving.ts";
import { RecentFrames } from "./recent-frames.ts";
import { sending } from "./sending.ts";

export type { SettlerPort, Settling } from "./job.ts";

/** Results of one reply frame: more would make one lost lease costly, fewer cost frames. */
const REPLY_RESULTS = 500;

/**
 * Tells the broker what became of frames: in one step where it has `move`, else *send first, ack second*. No lease, no write: each job has passed the
 * lease machine, and no call outlives the leases that it settles. Flushed once a turn of the event loop, so that what ends together travels together.
 */
export class Settler<H extends Settling> {
  readonly #port: SettlerPort<H>;
  readonly #writing: Writing<H>;
  /** Sent on, but perhaps not acked. */
  readonly #forwarded = new RecentFrames();
  /** The most dead letters of a group: a move has no more frames than the broker takes in one call. */
  readonly #letters: number;
  #jobs: Job<H>[] = [];
  #scheduled = false;
  #working = 0;
  #idle: (() => void)[] = [];

  constructor(port: SettlerPort<H>) {
    this.#port = port;
    const remember = (frame: Frame) => this.#forwarded.add(frame);
    const apart = sending(port, this.#conclude, this.#settlePlain.bind(this), remember);
    const moves = port.profile.verbs.includes("move");
    this.#writing = moves ? moving(port, this.#conclude, apart, remember) : apart;
    this.#letters = moves ? Math.max(1, port.profile.limits.batchFrames - 1) : Number.POSITIVE_INFINITY;
  }

  /** Has this process already sent the next of this line? Then it came again because its ack was lost. */
  wasForwarded(frame: Frame): boolean {
    return this.#forwarded.has(frame);
  }

  settle(task: H, decision: Decision): void {
    if (!this.#port.mayWrite(task)) return;
    // Its frame is settled when the others have their verdicts, too.
    if (decision.kind === "ack" && !task.whole) {
      this.#port.settled(task, decision, true, false);
      return;
    }
    const goesOn = decision.kind === "copy" || (decision.kind === "end" && decision.death !== undefined);
    let frame: Eventual<Frame>;
    try {
      frame = goesOn ? this.#port.alone(task.frame) : task.frame;
    } catch (error) {
      this.#giveUp(task, error);
      return;
    }
    if (frame instanceof Promise) void this.#settleLater(task, decision, frame);
    else this.#add(task, decision, frame);
  }

  /** A frame that cannot be made: the grant is given up and comes again, with a loss, before anything of it is forgotten. */
  #giveUp(task: H, error: unknown): void {
    if (!(error instanceof DispatchError)) throw error;
    this.#port.refused(task);
  }

  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    while (this.#jobs.length > 0 || this.#working > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #add(task: H, decision: Decision, frame: Frame): void {
    this.#jobs.push(new Job(task, frame, decision));
    if (!this.#scheduled) this.#schedule();
  }

  /** A frame that has to be made first. */
  async #settleLater(task: H, decision: Decision, making: Promise<Frame>): Promise<void> {
    this.#working += 1;
    try {
      this.#add(task, decision, await making);
    } catch (error) {
      this.#giveUp(task, error);
    } finally {
      this.#worked();
    }
  }

  #worked(): void {
    this.#working -= 1;
    if (this.#working === 0 && this.#jobs.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#port.clock.soon(() => {
      this.#scheduled = false;
      const jobs = this.#jobs;
      this.#jobs = [];
      this.#working += 1;
      void this.#flush(jobs).finally(() => this.#worked());
    });
  }

  async #flush(jobs: readonly Job<H>[]): Promise<void> {
    const plain: Job<H>[] = [];
    const copies: Job<H>[] = [];
    const replies = new Map<string, Job<H>[]>();
    for (const job of jobs) {
      const { coordinator, count } = job.task.frame;
      const answers = job.json !== undefined || (count === 0 && job.decision.kind === "ack");
      if (job.sent !== undefined) plain.push(job);
      else if (job.decision.kind === "copy" || (isDeath(job) && !answers)) copies.push(job);
      else if (!answers || coordinator === undefined) this.#plain(job, plain);
      else {
        const group = replies.get(coordinator);
        if (group === undefined) replies.set(coordinator, [job]);
        else group.push(job);
      }
    }
    const work: Promise<void>[] = [];
    if (plain.length > 0) work.push(this.#settlePlain(plain));
    if (copies.length > 0) work.push(this.#writing.copies(copies));
    for (const [coordinator, members] of replies) {
      for (const part of cut(members, this.#port.replyBytes, this.#letters))
        work.push(this.#writing.group(part, coordinator));
    }
    await Promise.all(work);
  }

  /** Nobody waits for it: only its frame is to be settled, if it is its own. */
  #plain(job: Job<H>, plain: Job<H>[]): void {
    if (job.task.whole) plain.push(job);
    else this.#conclude(job, "ok", { delivered: true, acked: false, deadline: job.task.deadline });
  }

  /** Acks and releases that carry nothing else, or nothing more. */
  async #settlePlain(jobs: readonly Job<H>[]): Promise<void> {
    const { deadline } = until(jobs);
    const answers = await this.#port.calls.settle(
      jobs.map(({ task: { receipt }, decision }) =>
        decision.kind === "release"
          ? { kind: "release", receipt, delayMs: decision.delayMs }
          : { kind: "ack", receipt },
      ),
      { deadline },
    );
    jobs.forEach((job, index) => {
      this.#conclude(job, answers[index], { delivered: job.sent?.delivered ?? true, acked: true, deadline });
    });
  }

  /** A call ended with the first of its leases; a job whose own lease goes on is tried again under that. */
  readonly #conclude: Conclude<H> = (job, answer, { delivered, acked, deadline }) => {
    const { task, decision } = job;
    if (answer === "ok") this.#port.settled(task, decision, delivered, acked);
    else if (answer === "lost") this.#port.refused(task);
    else if (answer instanceof DispatchError && codes[answer.code].again && task.deadline > deadline) {
      this.#jobs.push(job);
      if (!this.#scheduled) this.#schedule();
    }
    // Left to the lease. That of a pack is renewed for its other tasks, so it is given up: else this one would never come again.
    else if (!task.whole) this.#port.refused(task);
  };
}

/**
 * Groups that fit into a reply frame each, and whose dead letters fit into a call; the tasks of a pack stay together where they can, so that it is acked
 * with them.
 */
function cut<H extends Settling>(
  jobs: readonly Job<H>[],
  replyBytes: number,
  mostLetters: number,
): (readonly Job<H>[])[] {
  const groups: (readonly Job<H>[])[] = [];
  let from = 0;
  let bytes = 0;
  let letters = 0;
  /** Where the frame of the job at hand began. */
  let frameFrom = 0;
  for (let index = 0; index < jobs.length; index += 1) {
    const job = jobs[index] as Job<H>;
    const letter = isDeath(job) ? 1 : 0;
    if (index > 0 && job.task.receipt !== jobs[index - 1]?.task.receipt) frameFrom = index;
    while (
      index > from &&
      (index - from >= REPLY_RESULTS || bytes + job.bytes > replyBytes || letters + letter > mostLetters)
    ) {
      const to = frameFrom > from ? frameFrom : index;
      groups.push(jobs.slice(from, to));
      from = to;
      bytes = 0;
      letters = 0;
      for (const kept of jobs.slice(to, index)) {
        bytes += kept.bytes + 1;
        if (isDeath(kept)) letters += 1;
      }
    }
    bytes += job.bytes + 1;
    letters += letter;
  }
  if (from < jobs.length) groups.push(from === 0 ? jobs : jobs.slice(from));
  return groups;
}
