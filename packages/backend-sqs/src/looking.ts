import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { BrowsePage, Depth, Page, Queue } from "@org/dispatch-core/contract";
import { Hiding, type HidingPort } from "./hiding.ts";
import { MOST_LEASE_MS, secondsOf } from "./profile.ts";
import { purgePart } from "./purging.ts";
import type { SqsReceipt } from "./receipt.ts";
import { SqsRefusal } from "./sqs-error.ts";

/**
 * A look hides what it sees for so long, or for twice the time that it has taken: else one that takes long would see the first ones for ever. Not for longer,
 * because it gives all back at its end, and may not live to see it.
 */
const LOOK_MS = 30_000;
/** A page ends after so long with what it has, well before its caller gives it up. */
const PAGE_MS = 5_000;
/** Looks that nobody goes on with are forgotten. */
const MOST_LOOKS = 16;

/** One passage through a queue. */
interface Look {
  readonly cursor: string;
  readonly startedMs: number;
  /** By their messages' ids, what it has seen, with the latest receipt of each. */
  readonly seen: Map<string, SqsReceipt>;
  /** Nothing is left to see: what is hidden is given back. */
  hidden: readonly SqsReceipt[] | undefined;
}

/** What there is for whoever looks after a queue. */
export class Looking {
  readonly #port: HidingPort;
  readonly #hiding: Hiding;
  /** By their cursors; the one that went on last comes last. */
  readonly #looks = new Map<string, Look>();
  #cursors = 0;

  constructor(port: HidingPort) {
    this.#port = port;
    this.#hiding = new Hiding(port);
  }

  async depth(queue: Queue, signal: AbortSignal): Promise<Depth> {
    const { clients, directory } = this.#port;
    const command = new GetQueueAttributesCommand({
      QueueUrl: await directory.url(queue, signal),
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    });
    const { Attributes = {} } = await clients.call(command, signal);
    return {
      ready: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      leased: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
      exact: false,
    };
  }

  /**
   * Only dead letters, because a look is a receive, and a receive of a task counts. What is seen is hidden from others until the look ends or is left; a page
   * that failed may be asked for again.
   */
  async browse(queue: Queue, { cursor, max }: Page, signal: AbortSignal): Promise<BrowsePage> {
    if (queue.role !== "dead")
      throw new SqsRefusal("MISMATCH", "SQS can only look at dead letters: a look is a receive");
    const look = this.#lookOf(cursor);
    const untilMs = this.#hiding.now() + PAGE_MS;
    const frames: BrowsePage["frames"][number][] = [];
    if (max === 0) look.hidden ??= [...look.seen.values()];
    const hiddenMs = Math.min(MOST_LEASE_MS, Math.max(LOOK_MS, 2 * (this.#hiding.now() - look.startedMs)));
    if (look.hidden === undefined) await this.#hiding.renew(look.seen.values(), hiddenMs, untilMs, signal);
    try {
      while (look.hidden === undefined && frames.length < max && this.#hiding.now() < untilMs)
        frames.push(...(await this.#see(queue, look, max - frames.length, hiddenMs, signal)));
    } catch (error) {
      // What it has seen it would not see again.
      if (frames.length > 0) return { frames, cursor: look.cursor };
      if (cursor === undefined) this.#looks.delete(look.cursor);
      throw error;
    }
    if (look.hidden !== undefined) look.hidden = await this.#hiding.giveBack(look.hidden, untilMs, signal);
    if (look.hidden?.length !== 0) return { frames, cursor: look.cursor };
    this.#looks.delete(look.cursor);
    return { frames };
  }

  /** What is ready, or a part of it: SQS's own purge would also remove what is leased, and what is sent in the minute after. What is delayed stays. */
  async purge(queue: Queue, signal: AbortSignal): Promise<number> {
    const { ready } = await this.depth(queue, signal);
    return purgePart({ hiding: this.#hiding, holding: this.#port.holding }, queue, ready, signal);
  }

  async close(): Promise<void> {
    const looks = [...this.#looks.values()];
    this.#looks.clear();
    const signal = AbortSignal.timeout(2_000);
    await Promise.all(looks.map(({ seen }) => this.#hiding.giveBack(seen.values(), Number.POSITIVE_INFINITY, signal)));
  }

  /** What the look has not seen before: where its caller takes long, what it saw is there again. */
  async #see(
    queue: Queue,
    look: Look,
    max: number,
    hiddenMs: number,
    signal: AbortSignal,
  ): Promise<BrowsePage["frames"]> {
    const messages = await this.#hiding.take(queue, max, secondsOf(hiddenMs), signal);
    if (messages.length === 0) look.hidden = [...look.seen.values()];
    return messages.flatMap(([{ MessageId = "", Body = "" }, receipt]) => {
      const isNew = !look.seen.has(MessageId);
      look.seen.set(MessageId, receipt);
      return isNew ? [{ bytes: Buffer.from(Body), state: "ready" } as const] : [];
    });
  }

  #lookOf(cursor: string | undefined): Look {
    const look = cursor === undefined ? this.#newLook() : this.#looks.get(cursor);
    if (look === undefined) throw new SqsRefusal("MISMATCH", `the look "${cursor}" is over`);
    this.#looks.delete(look.cursor);
    this.#looks.set(look.cursor, look);
    const [oldest] = this.#looks.keys();
    if (this.#looks.size > MOST_LOOKS && oldest !== undefined) this.#looks.delete(oldest);
    return look;
  }

  #newLook(): Look {
    this.#cursors += 1;
    return { cursor: String(this.#cursors), startedMs: this.#hiding.now(), seen: new Map(), hidden: undefined };
  }
}
