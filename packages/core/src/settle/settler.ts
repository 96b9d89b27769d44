import type { Frame } from "../contract/index.ts";
import { codes, DispatchError } from "../errors.ts";
import { RecentNames } from "../recent-names.ts";
import type { Decision } from "./decision.ts";
import { type Answer, isDeath, type Job, type SettlerPort, type Settling, until, type Writing } from "./job.ts";
import { moving } from "./moving.ts";
import { resultJson } from "./reply.ts";
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
  /** Whole names that were sent on but perhaps not acked. */
  readonly #forwarded = new RecentNames();
  #jobs: Job<H>[] = [];
  #scheduled = false;
  #working = 0;
  #idle: (() => void)[] = [];

  constructor(port: SettlerPort<H>) {
    this.#port = port;
    const conclude = this.#conclude.bind(this);
    const apart = sending(port, conclude, this.#settlePlain.bind(this), (name) => this.#forwarded.add(name));
    this.#writing = port.profile.verbs.includes("move") ? moving(port, conclude, apart) : apart;
  }

  /** Has this process already sent the next of this line? Then it came again because its ack was lost. */
  wasForwarded(frame: Frame): boolean {
    return this.#forwarded.size > 0 && this.#forwarded.has(frame.name);
  }

  settle(hold: H, decision: Decision): void {
    if (!this.#port.mayWrite(hold)) return;
    const wanted = decision.kind === "end" && hold.frame.coordinator !== undefined;
    const json = wanted ? resultJson(hold.frame, hold.lost, decision.ending) : undefined;
    this.#jobs.push({ hold, decision, json, bytes: json === undefined ? 0 : Buffer.byteLength(json), sent: undefined });
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
      if (job.sent !== undefined) plain.push(job);
      else if (job.decision.kind === "copy" || (isDeath(job) && !answers)) copies.push(job);
      else if (!answers || coordinator === undefined) plain.push(job);
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
      for (const part of cut(members, this.#port.replyBytes)) work.push(this.#writing.group(part, coordinator));
    }
    await Promise.all(work);
  }

  /** Acks and releases that carry nothing else, or nothing more. */
  async #settlePlain(jobs: readonly Job<H>[]): Promise<void> {
    const { deadline } = until(jobs);
    const answers = await this.#port.calls.settle(
      jobs.map(({ hold: { receipt }, decision }) =>
        decision.kind === "release"
          ? { kind: "release", receipt, delayMs: decision.delayMs }
          : { kind: "ack", receipt },
      ),
      { deadline },
    );
    jobs.forEach((job, index) => {
      this.#conclude(job, answers[index], job.sent?.delivered ?? true, deadline);
    });
  }

  /** `deadline`: that of the call, which ended with the first of its leases; a job whose own lease goes on is tried again under that. */
  #conclude(job: Job<H>, answer: Answer, delivered: boolean, deadline: number): void {
    if (answer === "ok") this.#port.settled(job.hold, job.decision, delivered);
    else if (answer === "lost") this.#port.refused(job.hold);
    else if (answer instanceof DispatchError && codes[answer.code].again && job.hold.deadline > deadline) {
      this.#jobs.push(job);
      this.#schedule();
    }
  }
}

/** Groups that fit into a reply frame each. */
function cut<H extends Settling>(jobs: readonly Job<H>[], replyBytes: number): Job<H>[][] {
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
