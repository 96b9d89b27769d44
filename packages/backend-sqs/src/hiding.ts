import { type Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { LeaseEnds } from "@org/dispatch-core/adapter-kit";
import type { Queue } from "@org/dispatch-core/contract";
import type { Clients } from "./clients.ts";
import type { Directory } from "./directory.ts";
import type { Holding } from "./holding.ts";
import { MOST_BATCH_FRAMES, STEP_MS } from "./profile.ts";
import { SqsReceipt } from "./receipt.ts";

/** One whole second, so that all servers are asked: a short poll asks some of them (Developer Guide, "Amazon SQS short and long polling"). */
const WAIT_S = 1;
/** So many requests that renew or give back are under way at a time. */
const MOST_AT_ONCE = 8;
/** A page, and what its caller does with it, takes less. */
const SOON_MS = 10_000;

export interface HidingPort {
  readonly clients: Clients;
  readonly directory: Directory;
  readonly holding: Holding;
  readonly ends: () => LeaseEnds<SqsReceipt> | undefined;
}

/** Receives for whoever looks after a queue: what it brings is hidden from others for a while, until it is given back. */
export class Hiding {
  readonly #port: HidingPort;

  constructor(port: HidingPort) {
    this.#port = port;
  }

  /** Monotonic ms. */
  now(): number {
    return this.#port.ends()?.now() ?? 0;
  }

  /** Ten at most. */
  async take(queue: Queue, max: number, hiddenS: number, signal: AbortSignal): Promise<[Message, SqsReceipt][]> {
    const { clients, directory } = this.#port;
    const command = new ReceiveMessageCommand({
      QueueUrl: await directory.url(queue, signal),
      MaxNumberOfMessages: Math.min(max, MOST_BATCH_FRAMES),
      WaitTimeSeconds: WAIT_S,
      VisibilityTimeout: hiddenS,
    });
    const { Messages = [] } = await clients.call(command, signal);
    return Messages.map((message) => {
      const receipt = new SqsReceipt(queue, message.ReceiptHandle ?? "", hiddenS * STEP_MS);
      this.#port.ends()?.granted(receipt, receipt.leaseMs);
      return [message, receipt];
    });
  }

  /** What would soon be there again stays hidden. What cannot be renewed in that time comes again. */
  async renew(all: Iterable<SqsReceipt>, hiddenMs: number, untilMs: number, signal: AbortSignal): Promise<void> {
    const due = this.#hidden(all).filter((receipt) => this.#port.ends()?.isOver(receipt, SOON_MS));
    await this.#inTens(due, untilMs, (some) => this.#port.holding.renew(some, hiddenMs, signal));
  }

  /** As many as it can until then; answers what is left. What cannot be given back is there again when its time is over. */
  async giveBack(all: Iterable<SqsReceipt>, untilMs: number, signal: AbortSignal): Promise<readonly SqsReceipt[]> {
    return this.#inTens(this.#hidden(all), untilMs, (some) => {
      const settlements = some.map((receipt) => ({ kind: "release", receipt, delayMs: 0 }) as const);
      return this.#port.holding.settle(settlements, signal);
    });
  }

  /** What is there again by now is nobody's to give. */
  #hidden(all: Iterable<SqsReceipt>): readonly SqsReceipt[] {
    return [...all].filter((receipt) => this.#port.ends()?.isOver(receipt, 0) === false);
  }

  /** Answers what it has not come to. */
  async #inTens(
    receipts: readonly SqsReceipt[],
    untilMs: number,
    act: (some: readonly SqsReceipt[]) => Promise<unknown>,
  ): Promise<readonly SqsReceipt[]> {
    let at = 0;
    const lane = async () => {
      while (at < receipts.length && this.now() < untilMs) {
        const some = receipts.slice(at, at + MOST_BATCH_FRAMES);
        at += some.length;
        await act(some).catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: MOST_AT_ONCE }, lane));
    return receipts.slice(at);
  }
}
