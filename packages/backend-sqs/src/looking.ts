import { GetQueueAttributesCommand, type Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { LeaseEnds } from "@org/dispatch-core/adapter-kit";
import type { BrowsePage, Depth, Page, Queue } from "@org/dispatch-core/contract";
import type { Clients } from "./clients.ts";
import type { Directory } from "./directory.ts";
import type { Holding } from "./holding.ts";
import { MOST_BATCH_FRAMES, STEP_MS } from "./profile.ts";
import { SqsReceipt } from "./receipt.ts";
import { SqsRefusal } from "./sqs-error.ts";

/** A look hides what it sees for so long, at most: until its last page, when all is given back. */
const LOOK_S = 30;
/** One whole second, so that all servers are asked: a short poll asks some of them (Developer Guide, "Amazon SQS short and long polling"). */
const WAIT_S = 1;
/** Looks that nobody goes on with are forgotten. */
const MOST_LOOKS = 16;

export interface LookingPort {
  readonly clients: Clients;
  readonly directory: Directory;
  readonly holding: Holding;
  readonly ends: () => LeaseEnds<SqsReceipt> | undefined;
}

/** What there is for whoever looks after a queue. */
export class Looking {
  readonly #port: LookingPort;
  /** What each look has hidden so far, by its cursor. */
  readonly #looks = new Map<string, SqsReceipt[]>();
  #cursors = 0;

  constructor(port: LookingPort) {
    this.#port = port;
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

  /** Only dead letters, because a look is a receive, and a receive of a task counts. What is seen is hidden from others until the last page, or 30 s. */
  async browse(queue: Queue, { cursor, max }: Page, signal: AbortSignal): Promise<BrowsePage> {
    if (queue.role !== "dead")
      throw new SqsRefusal("MISMATCH", "SQS can only look at dead letters: a look is a receive");
    const hidden = cursor === undefined ? [] : this.#looks.get(cursor);
    if (hidden === undefined) throw new SqsRefusal("MISMATCH", `the look "${cursor}" is over`);
    if (cursor !== undefined) this.#looks.delete(cursor);
    const frames: BrowsePage["frames"][number][] = [];
    try {
      while (frames.length < max) {
        const messages = await this.#take(queue, max - frames.length, signal);
        if (messages.length === 0) break;
        for (const [{ Body = "" }, receipt] of messages) {
          hidden.push(receipt);
          frames.push({ bytes: Buffer.from(Body), state: "ready" });
        }
      }
    } catch (error) {
      await this.#giveBack(hidden, signal);
      throw error;
    }
    if (frames.length < max) {
      await this.#giveBack(hidden, signal);
      return { frames };
    }
    return { frames, cursor: this.#remember(hidden) };
  }

  /** What is ready: SQS's own purge would also remove what is leased, and what is sent in the minute after. What is delayed stays. */
  async purge(queue: Queue, signal: AbortSignal): Promise<number> {
    const { ready } = await this.depth(queue, signal);
    let purged = 0;
    for (;;) {
      const messages = await this.#take(queue, MOST_BATCH_FRAMES, signal);
      if (messages.length === 0) return purged;
      const settlements = messages.map(([, receipt]) => ({ kind: "ack", receipt }) as const);
      const outcomes = await this.#port.holding.settle(settlements, signal);
      purged += outcomes.filter((outcome) => outcome === "ok").length;
      // Not what is sent meanwhile: a sender that is fast enough would keep it going for ever.
      if (purged >= ready && messages.length < MOST_BATCH_FRAMES) return purged;
    }
  }

  async close(): Promise<void> {
    const looks = [...this.#looks.values()];
    this.#looks.clear();
    await Promise.all(looks.map((hidden) => this.#giveBack(hidden, AbortSignal.timeout(2_000))));
  }

  async #take(queue: Queue, max: number, signal: AbortSignal): Promise<[Message, SqsReceipt][]> {
    const { clients, directory } = this.#port;
    const command = new ReceiveMessageCommand({
      QueueUrl: await directory.url(queue, signal),
      MaxNumberOfMessages: Math.min(max, MOST_BATCH_FRAMES),
      WaitTimeSeconds: WAIT_S,
      VisibilityTimeout: LOOK_S,
    });
    const { Messages = [] } = await clients.call(command, signal);
    return Messages.map((message) => {
      const receipt = new SqsReceipt(queue, message.ReceiptHandle ?? "", LOOK_S * STEP_MS);
      this.#port.ends()?.granted(receipt, receipt.leaseMs);
      return [message, receipt];
    });
  }

  #remember(hidden: SqsReceipt[]): string {
    this.#cursors += 1;
    const cursor = String(this.#cursors);
    this.#looks.set(cursor, hidden);
    const [oldest] = this.#looks.keys();
    if (this.#looks.size > MOST_LOOKS && oldest !== undefined) this.#looks.delete(oldest);
    return cursor;
  }

  /** What cannot be given back is there again when its time is over. */
  async #giveBack(hidden: readonly SqsReceipt[], signal: AbortSignal): Promise<void> {
    for (let at = 0; at < hidden.length; at += MOST_BATCH_FRAMES) {
      const some = hidden.slice(at, at + MOST_BATCH_FRAMES);
      const settlements = some.map((receipt) => ({ kind: "release", receipt, delayMs: 0 }) as const);
      await this.#port.holding.settle(settlements, signal).catch(() => {});
    }
  }
}
