import type { HoldOutcome, Receipt, Settlement } from "@org/dispatch-core/contract";
import type { Message } from "./message.ts";
import type { Publisher } from "./publisher.ts";
import { RabbitRefusal } from "./rabbit-error.ts";
import { type Life, LOSSES_HEADER, RabbitReceipt } from "./receipt.ts";

export interface HoldingPort {
  readonly publisher: Publisher;
  readonly nameOf: (receipt: RabbitReceipt) => string;
  readonly persistent: boolean;
  /** Does this server count whatever comes back? Then what is given back is sent anew. */
  readonly countsReleases: () => boolean;
}

/** Renewals and settlements of what is held. The server answers none of them; a receipt says by itself what it is worth. */
export class Holding {
  readonly #port: HoldingPort;
  /** Those that go back by a copy which is on its way: whatever else is said of them comes too late. */
  readonly #leaving = new Set<RabbitReceipt>();

  constructor(port: HoldingPort) {
    this.#port = port;
  }

  renew(receipts: readonly Receipt[], leaseMs: number): readonly HoldOutcome[] {
    return receipts.map((receipt) =>
      receipt instanceof RabbitReceipt && receipt.life.leases.renew(receipt, leaseMs) ? "ok" : "lost",
    );
  }

  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const outcomes: HoldOutcome[] = new Array(settlements.length).fill("lost");
    const acked: RabbitReceipt[] = [];
    const released: [number, RabbitReceipt][] = [];
    settlements.forEach((settlement, index) => {
      const { receipt } = settlement;
      if (!(receipt instanceof RabbitReceipt) || this.#leaving.has(receipt)) return;
      if (settlement.kind === "ack") {
        if (!receipt.life.leases.end(receipt)) return;
        acked.push(receipt);
        outcomes[index] = "ok";
      } else if (settlement.delayMs > 0) {
        const message = `RabbitMQ gives back at once, not after ${settlement.delayMs} ms`;
        outcomes[index] = { failed: new RabbitRefusal("MISMATCH", message) };
      } else if (receipt.life.leases.holds(receipt)) {
        this.#leaving.add(receipt);
        released.push([index, receipt]);
      }
    });
    for (const [life, receipts] of byLife(acked)) life.ack(receipts);
    if (released.length === 0) return outcomes;
    const receipts = released.map(([, receipt]) => receipt);
    // What was acked is acked, whatever becomes of the rest.
    const answers = await this.#release(receipts, signal).catch((failed: unknown) => receipts.map(() => ({ failed })));
    for (const receipt of receipts) this.#leaving.delete(receipt);
    answers.forEach((answer, nth) => {
      outcomes[(released[nth] as [number, RabbitReceipt])[0]] = answer;
    });
    return outcomes;
  }

  /** What nobody was handed, or the end of all: no lease has to be proven. */
  async giveBack(receipts: readonly RabbitReceipt[], signal: AbortSignal): Promise<void> {
    if (receipts.length === 0) return;
    if (!this.#port.countsReleases()) {
      for (const [life, some] of byLife(receipts)) life.giveBack(some);
      return;
    }
    // What cannot be sent anew goes back with a count.
    const sent = await this.#sendAnew(receipts, signal).catch(() => receipts.map(() => false));
    for (const [life, some] of byLife(receipts.filter((_, index) => sent[index]))) life.ack(some);
    for (const [life, some] of byLife(receipts.filter((_, index) => !sent[index]))) life.giveBack(some);
  }

  async #release(receipts: readonly RabbitReceipt[], signal: AbortSignal): Promise<HoldOutcome[]> {
    if (!this.#port.countsReleases()) {
      const ended = receipts.map((receipt) => receipt.life.leases.end(receipt));
      for (const [life, some] of byLife(receipts.filter((_, index) => ended[index]))) life.giveBack(some);
      return ended.map((isEnded) => (isEnded ? "ok" : "lost"));
    }
    const sent = await this.#sendAnew(receipts, signal);
    const ended = receipts.map((receipt, index) => sent[index] === true && receipt.life.leases.end(receipt));
    for (const [life, some] of byLife(receipts.filter((_, index) => ended[index]))) life.ack(some);
    return receipts.map((_, index) => {
      if (ended[index]) return "ok";
      if (sent[index]) return "lost";
      return { failed: new RabbitRefusal("UNAVAILABLE", "a message that goes back was not taken") };
    });
  }

  /** The same bytes once more, with the losses so far: the copy first, then the ack. */
  async #sendAnew(receipts: readonly RabbitReceipt[], signal: AbortSignal): Promise<boolean[]> {
    const { publisher, nameOf, persistent } = this.#port;
    const messages = receipts.map((receipt): Message => {
      const { properties, content } = receipt.message;
      const { losses } = receipt;
      const priority: unknown = properties.priority;
      return {
        route: { exchange: "", key: nameOf(receipt) },
        bytes: content,
        options: {
          persistent,
          ...(typeof priority === "number" && { priority }),
          ...(losses > 0 && { headers: { [LOSSES_HEADER]: losses } }),
        },
      };
    });
    return (await publisher.publish(messages, signal)).map((outcome) => outcome === "ok");
  }
}

function byLife(receipts: readonly RabbitReceipt[]): Map<Life, RabbitReceipt[]> {
  const lives = new Map<Life, RabbitReceipt[]>();
  for (const receipt of receipts) {
    const some = lives.get(receipt.life);
    if (some === undefined) lives.set(receipt.life, [receipt]);
    else some.push(receipt);
  }
  return lives;
}
