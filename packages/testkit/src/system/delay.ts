import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { everyTaskOnce } from "../invariants.ts";

const DAY_MS = 86_400_000;

/** Delays: never early, late by at most the declared precision. */
export const delayCases = area("system", "delay", {
  "none-early": {
    cites: ["I14"],
    expects: "a delayed task is begun when its time has come, not before, and not later than the declared precision",
    when: ({ sendDelayMs }) => sendDelayMs >= 5_000 || `sendDelayMs ${sendDelayMs}`,
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      await world.worker({ handler: (delayMs: number) => delayMs }, { concurrency: 100 });
      const delays = Array.from({ length: 100 }, () => Math.floor(world.random() * 5_000));
      const sentAt = world.clock.now();
      const sent = delays.map((delayMs) => dispatcher.send("default", delayMs, { delayMs }));
      await world.time.wait(Promise.all(sent), "all are sent");
      const bySentMs = world.clock.now() - sentAt;
      await world.time.until(() => world.events.count("queue_completed") === 100, "all are done");
      const lateMs = world.profile.limits.delayPrecisionMs + bySentMs + world.slackMs;
      for (const { payload, startedAt } of world.ledger.runs) {
        const waitedMs = startedAt - sentAt;
        const delayMs = payload as number;
        assert.ok(waitedMs >= delayMs, `I14: a delay of ${delayMs} ms ended after ${waitedMs} ms`);
        assert.ok(waitedMs <= delayMs + lateMs, `I14: a delay of ${delayMs} ms ended after ${waitedMs} ms only`);
      }
    },
  },

  "from-50-ms-to-40-days": {
    cites: ["I14"],
    expects: "delays of any length end in time; on the virtual clock, so that nobody waits for them",
    when({ reach, sendDelayMs }) {
      if (reach !== "process") return `reach ${reach}: the clock is the machine's`;
      return sendDelayMs >= 40 * DAY_MS || `sendDelayMs ${sendDelayMs}`;
    },
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const delays = [50, 999, 15_000, 3_600_000, 15 * 3_600_000, DAY_MS, 40 * DAY_MS];
      for (const delayMs of delays) await world.time.wait(dispatcher.send("default", delayMs, { delayMs }), "sent");
      for (const delayMs of delays) {
        // Nobody has to be there meanwhile: a worker comes shortly before the time.
        await world.time.pass(Math.max(0, delayMs - 40 - world.clock.now()));
        const worker = await world.worker({ handler: (payload: number) => payload });
        await world.time.until(() => world.ledger.runs.at(-1)?.payload === delayMs, `${delayMs} ms are over`);
        const lateMs = world.clock.now() - delayMs;
        assert.ok(
          lateMs >= 0 && lateMs <= world.profile.limits.delayPrecisionMs + world.slackMs,
          `I14: ${lateMs} ms late`,
        );
        await world.time.wait(worker.stop(), "the worker stops");
      }
      assert.deepEqual(
        world.ledger.runs.map(({ payload }) => payload),
        delays,
      );
    },
  },

  "delayed-task-is-not-resent": {
    cites: ["I1", "I14"],
    expects:
      "a delay longer than resendAfterMs is no silence, and a deadline counts from the send, not from the delay's end",
    when: ({ sendDelayMs }) => sendDelayMs >= 60_000 || `sendDelayMs ${sendDelayMs}`,
    async run(world) {
      const { dispatcher } = await world.dispatcher({ resendAfterMs: world.leaseMs });
      await world.worker({ handler: (_: unknown, { attempt }: Context) => attempt });
      const delayMs = world.leaseMs * 8;
      const [late, early] = [
        dispatcher.run("default", [1, 2], { delayMs }),
        dispatcher.run("default", [3], { delayMs, deadlineMs: delayMs / 2 }),
      ];
      const results = await world.results(late);
      everyTaskOnce(results, 2);
      assert.ok(world.clock.now() >= delayMs, "I14: early");
      assert.deepEqual(
        results.map(({ value }) => value),
        [1, 1],
      );
      assert.equal((await world.results(early))[0]?.outcome, "expired");
      assert.equal(late.summary.resent + early.summary.resent, 0);
    },
  },
});
