import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { type LeaseEnds, PollBuffer } from "@org/dispatch-core/adapter-kit";
import type { Clock, Delivery, HoldOutcome, Queue, Want } from "@org/dispatch-core/contract";
import type { Clients } from "./clients.ts";
import { giveBack } from "./giving-back.ts";
import type { Holding } from "./holding.ts";
import { MOST_BATCH_FRAMES, MOST_LEASE_MS, STEP_MS, secondsOf } from "./profile.ts";
import { deliveryOf, type Held, SqsReceipt } from "./receipt.ts";

/** A poll that has not ended so long after its wait is on a connection that is dead. */
const POLL_LAG_MS = 4_000;
/** More requests at a time than this bring nothing more: the client's CPU is the limit by then. */
const MOST_AT_ONCE = 8;

export interface SourcePort {
  readonly queue: Queue;
  readonly url: string;
  readonly clients: Clients;
  readonly holding: Holding;
  readonly ends: LeaseEnds<SqsReceipt>;
  readonly clock: Clock;
  readonly pollMs: number;
  readonly messagesPerCall: number;
}

/** A queue that this backend receives from. */
export class Source {
  readonly #port: SourcePort;
  readonly #buffer: PollBuffer<Held>;
  /** As long as requests come back full there is more than one brings: so many are made at a time. */
  #atOnce = 1;

  constructor(port: SourcePort) {
    const { clock, pollMs, holding } = port;
    this.#port = port;
    this.#buffer = new PollBuffer<Held>({
      clock,
      pollMs,
      poll: (want) => this.#poll(want),
      renew: async (items, leaseMs, signal) => {
        const renew = (some: readonly Held[]) =>
          holding
            .renew(some.map(receiptOf), leaseMs, signal)
            .catch((failed: unknown): HoldOutcome[] => some.map(() => ({ failed })));
        return (await Promise.all(tens(items).map(renew))).flat();
      },
      release: async (items) => {
        await Promise.allSettled(tens(items).map((some) => giveBack(port, some)));
      },
    });
  }

  async receive(want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    const found = await this.#buffer.receive(want, signal);
    this.#port.holding.taken(found.map(receiptOf));
    return found.map(deliveryOf);
  }

  /** The queue has gone. */
  forget(): void {
    this.#buffer.forget();
  }

  close(): Promise<void> {
    return this.#buffer.end();
  }

  /** Where there is much, several short polls at a time; where they bring nothing, or little was wanted, one that waits. */
  async #poll(want: Want): Promise<readonly Held[]> {
    const { messagesPerCall } = this.#port;
    const sizes: number[] = [];
    for (let left = want.max; left > 0 && sizes.length < this.#atOnce; left -= messagesPerCall)
      sizes.push(Math.min(left, messagesPerCall));
    if (sizes.length === 1) return this.#ask(sizes[0] as number, want, want.waitMs);
    const answers = await Promise.allSettled(sizes.map((size) => this.#ask(size, want, 0)));
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    const failed = answers.find((answer) => answer.status === "rejected");
    if (found.length > 0) return found;
    if (failed !== undefined) throw failed.reason;
    return want.waitMs > 0 ? this.#ask(sizes[0] as number, want, want.waitMs) : [];
  }

  async #ask(size: number, { leaseMs }: Want, waitMs: number): Promise<readonly Held[]> {
    const { queue, url, clients, ends } = this.#port;
    const seconds = secondsOf(Math.min(leaseMs, MOST_LEASE_MS));
    const WaitTimeSeconds = secondsOf(waitMs);
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: size,
      WaitTimeSeconds,
      VisibilityTimeout: seconds,
      MessageSystemAttributeNames: ["ApproximateReceiveCount", "MessageGroupId"],
    });
    const { Messages = [] } = await clients.poll(command, WaitTimeSeconds * STEP_MS + POLL_LAG_MS);
    if (Messages.length < size) this.#atOnce = 1;
    else if (size === this.#port.messagesPerCall) this.#atOnce = Math.min(MOST_AT_ONCE, this.#atOnce + 1);
    return Messages.map((message) => {
      const receipt = new SqsReceipt(queue, message.ReceiptHandle ?? "", seconds * STEP_MS);
      ends.granted(receipt, receipt.leaseMs);
      return { receipt, message };
    });
  }
}

function receiptOf({ receipt }: Held): SqsReceipt {
  return receipt;
}

/** In batches as the broker takes them. */
function tens<I>(items: readonly I[]): I[][] {
  const batches: I[][] = [];
  for (let at = 0; at < items.length; at += MOST_BATCH_FRAMES) batches.push(items.slice(at, at + MOST_BATCH_FRAMES));
  return batches;
}
