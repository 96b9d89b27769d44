import assert from "node:assert/strict";
import { type Profile, type Settlement, UNLIMITED } from "@org/dispatch-core/contract";
import { area } from "../../case.ts";
import type { Process } from "../../world/process.ts";
import type { World } from "../../world/world.ts";

const HOUR_MS = 3_600_000;
const DAYS_MS = 24 * HOUR_MS;

/** And one above what the broker can by itself, if it can so much. */
const delaysOf = ({ sendDelayMs }: Profile) => {
  const delays = [50, 999, 15_000, HOUR_MS, 15 * HOUR_MS, DAYS_MS, 40 * DAYS_MS];
  return sendDelayMs > 40 * DAYS_MS && sendDelayMs < UNLIMITED ? [...delays, sendDelayMs + 15_000] : delays;
};

/** When something is to be done next about what waits: what was sent or released becomes ready, on the clock of the world. */
class Agenda {
  readonly #world: World;
  readonly #delays: readonly number[];
  readonly #moments = new Set<number>();
  #read = 0;

  constructor(world: World, delays: readonly number[]) {
    this.#world = world;
    this.#delays = delays;
  }

  watch(process: Process): void {
    process.intercept("settle", ({ args, proceed }) => {
      for (const one of args[0] as readonly Settlement[]) {
        if (one.kind === "release" && one.delayMs > 0) this.#moments.add(this.#world.clock.now() + one.delayMs);
      }
      return proceed();
    });
  }

  /** Takes out the first moment at which something is to be done, and all those that are over by `untilMs` after it. */
  next(untilMs: number): number {
    const { sent } = this.#world;
    for (; this.#read < sent.length; this.#read += 1) {
      const { queue, frame, at } = sent[this.#read] as (typeof sent)[number];
      const stayMs = queue.role === "tier" ? Number(queue.name) : frame.delayMs;
      // In the smallest tier a frame may be due before the tier's delay is over.
      const delayMs = queue.role === "tier" ? (this.#delays[Number(frame.name.match(/\/(\d+)#/)?.[1])] as number) : 0;
      this.#moments.add(delayMs > 0 ? Math.min(at + stayMs, Math.max(at, delayMs)) : at + stayMs);
    }
    const first = Math.min(...this.#moments);
    for (const moment of this.#moments) if (moment <= first + untilMs) this.#moments.delete(moment);
    return first;
  }
}

/** On the virtual clock: nobody waits for them. */
export const fortyDayCases = area("system", "delay", {
  "from-50-ms-to-40-days": {
    cites: ["I1", "I14"],
    expects: "delays of any length end in time, through whatever queues and however many workers they go",
    when: ({ reach }) => reach === "process" || `reach ${reach}: the clock is the machine's`,
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const delays = delaysOf(world.profile);
      const sent = delays.map((delayMs) => dispatcher.send("default", delayMs, { delayMs }));
      await world.time.wait(Promise.all(sent), "all are sent");
      const agenda = new Agenda(world, delays);
      const lateMs = world.profile.limits.delayPrecisionMs + world.clock.now() + world.slackMs;
      // Nobody has to be there between: a worker that is idle for forty days asks for frames millions of times.
      while (world.ledger.runs.length < delays.length) {
        const next = agenda.next(lateMs);
        assert.ok(Number.isFinite(next), `I1: nothing waits any more, ${world.ledger.runs.length} were begun`);
        await world.time.pass(Math.max(0, next - 40 - world.slackMs - world.clock.now()));
        const worker = await world.worker({ handler: (payload: number) => payload }, {}, (process) =>
          agenda.watch(process),
        );
        await world.time.pass(Math.max(0, next - world.clock.now()) + lateMs);
        await world.time.wait(worker.stop(), "the worker stops");
      }
      assert.deepEqual(
        world.ledger.runs.map(({ payload }) => payload),
        delays,
      );
      for (const { payload, startedAt } of world.ledger.runs) {
        const overMs = startedAt - (payload as number);
        assert.ok(overMs >= 0 && overMs <= lateMs, `I14: a delay of ${payload} ms ended ${overMs} ms late`);
      }
    },
  },
});
