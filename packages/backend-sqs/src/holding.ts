import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import type { LeaseEnds } from "@org/dispatch-core/adapter-kit";
import { type HoldOutcome, type Queue, queueKey, type Receipt, type Settlement } from "@org/dispatch-core/contract";
import type { Clients } from "./clients.ts";
import type { Directory } from "./directory.ts";
import { MOST_BATCH_FRAMES, MOST_LEASE_MS, MOST_RELEASE_MS, secondsOf } from "./profile.ts";
import { SqsReceipt } from "./receipt.ts";
import { isStale, SqsRefusal } from "./sqs-error.ts";

/** A lease that ends so soon may be over when a delete arrives, which would take the frame from its next holder. */
export const LATE_MS = 1_000;

/** At the end: what takes longer is left to its lease. */
const END_MS = 5_000;

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

/** Before so many are held nobody looks which of them are not any more: their holders said nothing. */
const LOOKED_THROUGH = 1_000;

/** Renewals and settlements of what is held: one request a queue. */
export class Holding {
  readonly #port: HoldingPort;
  /** What was handed out and, as far as is known here, is held. */
  readonly #held = new Set<SqsReceipt>();
  #lookAt = LOOKED_THROUGH;

  constructor(port: HoldingPort) {
    this.#port = port;
  }

  /** These were handed out. */
  taken(receipts: readonly SqsReceipt[]): void {
    for (const receipt of receipts) this.#held.add(receipt);
    if (this.#held.size < this.#lookAt) return;
    for (const receipt of this.#held) if (this.#isOver(receipt, 0)) this.#held.delete(receipt);
    this.#lookAt = Math.max(LOOKED_THROUGH, this.#held.size * 2);
  }

  /** Gives back all that is held: the end. What cannot be given back comes back by its lease. */
  async end(): Promise<void> {
    const held = [...this.#held].filter((receipt) => !receipt.isEnded && !this.#isOver(receipt, 0));
    this.#held.clear();
    const signal = AbortSignal.timeout(END_MS);
    const ends: Promise<unknown>[] = [];
    for (const { queue } of new Map(held.map((receipt) => [queueKey(receipt.queue), receipt])).values()) {
      const own = held.filter((receipt) => queueKey(receipt.queue) === queueKey(queue));
      for (let at = 0; at < own.length; at += MOST_BATCH_FRAMES) {
        const some = own.slice(at, at + MOST_BATCH_FRAMES);
        ends.push(this.settle(some.map((receipt) => ({ kind: "release", receipt, delayMs: 0 })), signal)); // biome-ignore format: one call
      }
    }
    await Promise.allSettled(ends);
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const ends = this.#port.ends();
    const fromMs = ends?.now();
    // A shorter lease than what is left of this one would shorten it.
    const items = receipts.map((receipt) => {
      const leftMs = receipt instanceof SqsReceipt ? (ends?.leftMs(receipt) ?? 0) : 0;
      return { receipt, leaseMs: Math.min(MOST_LEASE_MS, Math.max(leaseMs, leftMs)) };
    });
    const outcomes = await this.#perQueue(
      items,
      signal,
      (url, some) =>
      this.#visible(url, some.map(({ receipt, leaseMs: ms }) => [handleOf(receipt), ms]), signal), // biome-ignore format: one call
    );
    outcomes.forEach((outcome, index) => {
      const { receipt, leaseMs: ms } = items[index] as (typeof items)[number];
      if (outcome === "lost") this.#held.delete(receipt as SqsReceipt);
      if (outcome !== "ok" || !(receipt instanceof SqsReceipt)) return;
      receipt.leaseMs = Math.max(receipt.leaseMs, leaseMs);
      ends?.granted(receipt, ms, fromMs);
    });
    return outcomes;
  }

  /** What is late is asked for first: where somebody else has it by now the answer is lost. */
  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const outcomes: HoldOutcome[] = new Array(settlements.length).fill("lost");
    settlements.forEach((settlement, place) => {
      if (settlement.kind === "release" && settlement.delayMs > MOST_RELEASE_MS)
        outcomes[place] = tooLong(settlement.delayMs);
    });
    const held = await this.#stillHeld(settlements, outcomes, signal);
    const run = async (kind: Settlement["kind"], ask: Ask<Settlement>) => {
      const places = held.filter((place) => settlements[place]?.kind === kind);
      const items = places.map((place) => settlements[place] as Settlement);
      const answers = await this.#perQueue(items, signal, ask, places.length === settlements.length);
      answers.forEach((answer, nth) => {
        outcomes[places[nth] as number] = answer;
        const { receipt } = items[nth] as Settlement;
        if (!(receipt instanceof SqsReceipt) || typeof answer === "object") return;
        this.#held.delete(receipt);
        if (answer === "ok") receipt.isEnded = true;
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
    const places = [...settlements.keys()].filter((place) => !isObject(outcomes[place]));
    const isLate = ({ receipt }: Settlement) =>
      receipt instanceof SqsReceipt && !receipt.isEnded && this.#isOver(receipt, LATE_MS);
    const late = places.filter((place) => isLate(settlements[place] as Settlement));
    if (late.length === 0) return places;
    const receipts = late.map((place) => (settlements[place] as Settlement).receipt as SqsReceipt);
    const leaseMs = Math.max(...receipts.map((receipt) => receipt.leaseMs));
    const answers = await this.renew(receipts, leaseMs, signal);
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

  #isOver(receipt: SqsReceipt, marginMs: number): boolean {
    return this.#port.ends()?.isOver(receipt, marginMs) === true;
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

function isObject(outcome: HoldOutcome | undefined): boolean {
  return typeof outcome === "object";
}

function tooLong(delayMs: number): HoldOutcome {
  return {
    failed: new SqsRefusal("MISMATCH", `a release is delayed by ${MOST_RELEASE_MS} ms at most, not ${delayMs}`),
  };
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
