import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import type { LeaseEnds } from "@org/dispatch-core/adapter-kit";
import { type HoldOutcome, type Queue, queueKey, type Receipt, type Settlement } from "@org/dispatch-core/contract";
import type { Clients } from "./clients.ts";
import type { Directory } from "./directory.ts";
import { MOST_LEASE_MS, secondsOf } from "./profile.ts";
import { SqsReceipt } from "./receipt.ts";
import { isStale } from "./sqs-error.ts";

/** A lease that ends so soon may be over when a delete arrives, which would take the frame from its next holder. */
const LATE_MS = 1_000;

export interface HoldingPort {
  readonly clients: Clients;
  readonly directory: Directory;
  /** Undefined before the first `open`. */
  readonly ends: () => LeaseEnds<SqsReceipt> | undefined;
}

/** What became of one receipt of a batch, and what it says where it failed. */
interface Answer {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?: readonly BatchResultErrorEntry[] | undefined;
}

type Ask<I> = (url: string, items: readonly I[]) => Promise<Answer>;

/** Renewals and settlements of what is held: one request a queue. */
export class Holding {
  readonly #port: HoldingPort;

  constructor(port: HoldingPort) {
    this.#port = port;
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const ends = this.#port.ends();
    const fromMs = ends?.now();
    const items = receipts.map((receipt) => ({ receipt, leaseMs: longest(receipt, leaseMs) }));
    const outcomes = await this.#perQueue(
      items,
      signal,
      (url, some) =>
      this.#visible(url, some.map(({ receipt, leaseMs: ms }) => [handleOf(receipt), ms]), signal), // biome-ignore format: one call
    );
    outcomes.forEach((outcome, index) => {
      const { receipt, leaseMs: ms } = items[index] as (typeof items)[number];
      if (outcome !== "ok" || !(receipt instanceof SqsReceipt)) return;
      receipt.leaseMs = ms;
      ends?.granted(receipt, ms, fromMs);
    });
    return outcomes;
  }

  /** What is late is asked for first: where somebody else has it by now the answer is lost. */
  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const outcomes: HoldOutcome[] = new Array(settlements.length).fill("lost");
    const held = await this.#stillHeld(settlements, outcomes, signal);
    const run = async (kind: Settlement["kind"], ask: Ask<Settlement>) => {
      const places = held.filter((place) => settlements[place]?.kind === kind);
      const items = places.map((place) => settlements[place] as Settlement);
      const answers = await this.#perQueue(items, signal, ask, places.length === settlements.length);
      answers.forEach((answer, nth) => {
        outcomes[places[nth] as number] = answer;
        const { receipt } = items[nth] as Settlement;
        if (answer === "ok" && receipt instanceof SqsReceipt) receipt.isEnded = true;
      });
    };
    await Promise.all([
      run("ack", (url, items) => this.#delete(url, items.map(({ receipt }) => handleOf(receipt)), signal)), // biome-ignore format: one call
      run("release", (url, items) => this.#visible(url, items.map(released), signal)),
    ]);
    return outcomes;
  }

  /** The places of what may be settled. */
  async #stillHeld(
    settlements: readonly Settlement[],
    outcomes: HoldOutcome[],
    signal: AbortSignal,
  ): Promise<number[]> {
    const ends = this.#port.ends();
    const places = [...settlements.keys()];
    const isLate = ({ receipt }: Settlement) =>
      receipt instanceof SqsReceipt && !receipt.isEnded && ends?.isOver(receipt, LATE_MS) === true;
    const late = places.filter((place) => isLate(settlements[place] as Settlement));
    if (late.length === 0) return places;
    const receipts = late.map((place) => (settlements[place] as Settlement).receipt as SqsReceipt);
    const answers = await this.renew(receipts, 0, signal);
    answers.forEach((answer, nth) => {
      outcomes[late[nth] as number] = answer;
    });
    const refused = new Set(late.filter((_, nth) => answers[nth] !== "ok"));
    return places.filter((place) => !refused.has(place));
  }

  /**
   * One request a queue, at once. The only queue's failure is the call's; of several, it is an outcome of those whose queue it is, and so it is where
   * another call has already done something.
   */
  async #perQueue<I extends { readonly receipt: Receipt }>(
    items: readonly I[],
    signal: AbortSignal,
    ask: Ask<I>,
    isWhole = true,
  ): Promise<HoldOutcome[]> {
    const outcomes: HoldOutcome[] = items.map(() => "lost");
    const shares = new Map<string, { readonly queue: Queue; readonly at: number[] }>();
    items.forEach(({ receipt }, place) => {
      if (!(receipt instanceof SqsReceipt) || receipt.isEnded) return;
      const key = queueKey(receipt.queue);
      const share = shares.get(key);
      if (share === undefined) shares.set(key, { queue: receipt.queue, at: [place] });
      else share.at.push(place);
    });
    await Promise.all(
      [...shares.values()].map(async ({ queue, at }) => {
        try {
          const some = at.map((place) => items[place] as I);
          const answer = await ask(await this.#port.directory.url(queue, signal), some);
          at.forEach((place, nth) => {
            outcomes[place] = outcomeOf(answer, nth);
          });
        } catch (failed) {
          if (shares.size === 1 && isWhole) throw failed;
          for (const place of at) outcomes[place] = { failed };
        }
      }),
    );
    return outcomes;
  }

  #visible(QueueUrl: string, some: readonly (readonly [string, number])[], signal: AbortSignal): Promise<Answer> {
    const Entries = some.map(([ReceiptHandle, ms], index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: secondsOf(ms),
    }));
    return this.#port.clients.call(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }), signal);
  }

  #delete(QueueUrl: string, handles: readonly string[], signal: AbortSignal): Promise<Answer> {
    const Entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    return this.#port.clients.call(new DeleteMessageBatchCommand({ QueueUrl, Entries }), signal);
  }
}

function longest(receipt: Receipt, leaseMs: number): number {
  return Math.min(MOST_LEASE_MS, receipt instanceof SqsReceipt ? Math.max(leaseMs, receipt.leaseMs) : leaseMs);
}

function handleOf(receipt: Receipt): string {
  return (receipt as SqsReceipt).handle;
}

function released(settlement: Settlement): readonly [string, number] {
  return [handleOf(settlement.receipt), settlement.kind === "release" ? settlement.delayMs : 0];
}

/** An entry that is in neither list: what became of it is unknown. */
function outcomeOf({ Successful = [], Failed = [] }: Answer, nth: number): HoldOutcome {
  const id = String(nth);
  const failed = Failed.find(({ Id }) => Id === id);
  if (failed !== undefined) return isStale(failed) ? "lost" : { failed };
  return Successful.some(({ Id }) => Id === id)
    ? "ok"
    : { failed: new Error("the server has not answered for an entry") };
}
