import type { HoldOutcome, Receipt, Settlement } from "@org/dispatch-core/contract";
import { scripts } from "./script.ts";
import type { ScriptRunner } from "./script-runner.ts";
import { holdOutcomes, renewBlob, type Share, settleBlob, shares } from "./wire.ts";

/** What holders do with their leases: a script for each queue that is among them. */
export class Holding {
  readonly #runner: ScriptRunner;

  constructor(runner: ScriptRunner) {
    this.#runner = runner;
  }

  renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    return this.#perQueue(
      receipts,
      (receipt) => receipt,
      ({ place, items }) => this.#runner.run(scripts.renew, [place], [Math.ceil(leaseMs), renewBlob(items)], signal),
    );
  }

  settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    return this.#perQueue(
      settlements,
      ({ receipt }) => receipt,
      ({ place, items }) => this.#runner.write(scripts.settle, [place], [settleBlob(items)], signal),
    );
  }

  async #perQueue<I>(
    items: readonly I[],
    receiptOf: (item: I) => Receipt,
    call: (share: Share<I>) => Promise<unknown>,
  ): Promise<readonly HoldOutcome[]> {
    const outcomes: HoldOutcome[] = items.map(() => "lost");
    const all = shares(items, receiptOf, (queue) => this.#runner.place(queue));
    const answers = await Promise.allSettled(all.map(call));
    // The only queue's failure is the call's; of several, it is an outcome of those whose queue it is.
    if (all.length === 1 && answers[0]?.status === "rejected") throw answers[0].reason;
    all.forEach(({ at }, index) => {
      const answer = answers[index] as PromiseSettledResult<unknown>;
      const held = answer.status === "fulfilled" ? holdOutcomes(answer.value as Buffer) : undefined;
      at.forEach((place, nth) => {
        outcomes[place] = held?.[nth] ?? { failed: (answer as PromiseRejectedResult).reason };
      });
    });
    return outcomes;
  }
}
