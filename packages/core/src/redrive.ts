import type { Calls } from "./call.ts";
import { REJECTED_TASK, redriveFrame } from "./codec/maker.ts";
import type { Clock, Delivery, Frame, OutFrame, Queue, Receipt } from "./contract/index.ts";
import { type DeadLetter, letterIn, type Selection } from "./dead-letter.ts";
import { DispatchError } from "./errors.ts";
import { deadQueue, workQueue } from "./queues.ts";
import type { Until } from "./retrying.ts";
import type { Routes } from "./routes.ts";

const BATCH = 100;

/** Where a receive is a poll, one that does not wait may see nothing though there is something: SQS then asks some of its servers only. */
const POLL_MS = 1_000;
const CALL_MS = 30_000;

export interface RedriveOptions {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly queue: string;
  readonly leaseMs: number;
  readonly routes: Routes;
}

/** One passage through a queue of the dead: takes all of it, sends what is selected again, keeps the others until the end, and puts them back. */
export class Redrive {
  readonly #options: RedriveOptions;
  readonly #dead: Queue;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #startedAt: number;
  readonly #startedWall: number;
  /** What is to be put back at the end. */
  readonly #held = new Set<Receipt>();
  #renewedAt: number;
  readonly #seen = new Set<string>();
  readonly #redriven = new Set<string>();
  readonly #rounds = new Map<string, number>();

  constructor(options: RedriveOptions, selection: Selection) {
    this.#options = options;
    this.#dead = deadQueue(options.queue);
    this.#wanted = "all" in selection ? undefined : new Set(selection.ids);
    this.#startedAt = options.clock.now();
    this.#renewedAt = this.#startedAt;
    this.#startedWall = options.clock.wall();
  }

  /** Answers how many were sent again. What throws leaves the others to be put back all the same. */
  async run(): Promise<number> {
    const { calls, clock, leaseMs } = this.#options;
    const { limits, pollMs } = calls.backend.profile;
    const max = Math.min(BATCH, limits.batchFrames);
    const waitMs = pollMs > 0 ? Math.min(pollMs, POLL_MS) : 0;
    const { signal } = new AbortController();
    try {
      for (let isOld = true; isOld || clock.now() - this.#startedAt < leaseMs / 2; ) {
        const deliveries = await calls.receive(this.#dead, { max, waitMs, leaseMs }, signal);
        if (deliveries.length === 0) break;
        isOld = await this.#pass(deliveries);
      }
    } finally {
      await this.#release();
    }
    return this.#redriven.size;
  }

  /** Answers whether any of them was there when this began, so that there may be more of those. */
  async #pass(deliveries: readonly Delivery[]): Promise<boolean> {
    for (const { receipt } of deliveries) this.#held.add(receipt);
    let isOld = false;
    for (const { receipt, bytes } of deliveries) {
      await this.#renew();
      const found = letterIn(bytes, this.#dead);
      if (found === undefined) continue;
      const { name, diedAt } = found.letter;
      if (diedAt <= this.#startedWall && !this.#seen.has(name)) isOld = true;
      this.#seen.add(name);
      if (!this.#isToGo(found)) continue;
      await this.#send(receipt, found);
      this.#held.delete(receipt);
    }
    return isOld;
  }

  #isToGo({ letter, frame }: { letter: DeadLetter; frame: Frame }): boolean {
    if (!isWanted(letter, this.#wanted)) return false;
    // Workers may be as quick as this is: what they bury again would be sent again, for as long as this may take.
    if (frame.round > (this.#rounds.get(letter.id) ?? frame.round)) return false;
    this.#rounds.set(letter.id, frame.round);
    return true;
  }

  async #send(receipt: Receipt, { letter: { name }, frame }: { letter: DeadLetter; frame: Frame }): Promise<void> {
    if (this.#redriven.has(name)) await this.#options.calls.settle([{ kind: "ack", receipt }], this.#until());
    else if (await this.#resend(receipt, frame)) this.#redriven.add(name);
  }

  /** Send first, ack second; in one step where the broker can. */
  async #resend(receipt: Receipt, dead: Frame): Promise<boolean> {
    const { calls, clock, queue, routes } = this.#options;
    const frame: OutFrame = redriveFrame(dead, clock.wall());
    const work = workQueue(queue, routes.laneOf(dead.priority));
    if (calls.backend.profile.verbs.includes("move")) {
      const [moved] = await calls.move(
        [{ receipts: [{ receipt, ack: true }], sends: [{ queue: work, frame }] }],
        this.#until(),
      );
      if (moved instanceof DispatchError) throw moved;
      if (typeof moved === "object" && "gone" in moved) throw goneError(work);
      return moved === "ok";
    }
    const [sent] = await calls.send(work, [frame], this.#until());
    if (sent instanceof DispatchError) throw sent;
    if (sent === "gone") throw goneError(work);
    const [acked] = await calls.settle([{ kind: "ack", receipt }], this.#until());
    if (acked instanceof DispatchError) throw acked;
    return true;
  }

  /** A pass may take longer than a lease. What is lost for all that comes again, and is known. */
  async #renew(): Promise<void> {
    const { calls, clock, leaseMs } = this.#options;
    if (clock.now() - this.#renewedAt < leaseMs / 3) return;
    this.#renewedAt = clock.now();
    const receipts = [...this.#held];
    const answers = await calls.renew(receipts, leaseMs, this.#until());
    for (const [index, receipt] of receipts.entries()) if (answers[index] === "lost") this.#held.delete(receipt);
  }

  async #release(): Promise<void> {
    if (this.#held.size === 0) return;
    const settlements = [...this.#held].map((receipt) => ({ kind: "release", receipt, delayMs: 0 }) as const);
    await this.#options.calls.settle(settlements, this.#until());
  }

  #until(): Until {
    return { deadline: this.#options.clock.now() + CALL_MS };
  }
}

function goneError({ of, name }: Queue): DispatchError {
  return new DispatchError("MISSING", `the work queue "${of}/${name}" is gone`);
}

function isWanted({ id, ref, task }: DeadLetter, wanted: ReadonlySet<string> | undefined): boolean {
  if (task === REJECTED_TASK) return false;
  return wanted === undefined || wanted.has(id) || (ref !== undefined && wanted.has(ref));
}
