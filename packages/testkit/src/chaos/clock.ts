import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { everyTaskOnce } from "../invariants.ts";
import type { WorkerProcess } from "../world/worker-process.ts";

const HOUR_MS = 3_600_000;

/** Wall clocks that disagree. */
export const clockCases = area("chaos", "clock-jump", {
  "leases-stay": {
    cites: ["I3", "I6", "I14"],
    expects:
      "a wall clock that jumps by an hour, either way, changes no lease: what is held stays held, and goes on with whoever started before",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = async (n: number, { signal }: Context, host: WorkerProcess) => {
        await world.sleep(world.leaseMs * 1.5, host, signal);
        return n;
      };
      await world.worker({ handler }, { concurrency: 5 });
      const run = dispatcher.run("default", Array(20).keys());
      for (const byMs of [HOUR_MS, -2 * HOUR_MS, HOUR_MS]) {
        await world.time.pass(world.leaseMs / 2);
        world.jumpWall(byMs);
        await world.worker({ handler }, { concurrency: 2 });
      }
      const results = await world.results(run);
      everyTaskOnce(results, 20);
      for (const { outcome, attempts, lost } of results)
        assert.deepEqual([outcome, attempts, lost], ["completed", 1, 0], "I6: a lease hangs on the wall clock");
      // Who joins may take over whole partitions, with what is begun there.
      if (world.profile.sharing === "message") assert.equal(world.ledger.runs.length, 20, "something was run twice");
    },
  },

  "due-times-shift-by-the-jump": {
    cites: ["I14"],
    expects:
      "due times and deadlines are those of the sender's clock: they shift by the jump at most, and only between processes that disagree",
    async run(world) {
      const { dispatcher: before } = await world.dispatcher();
      const handler = (payload: string) => payload;
      const delayMs = 2_000;
      const late = world.profile.limits.delayPrecisionMs + world.slackMs;
      const first = await world.worker({ handler });
      const sentAt = world.clock.now();
      world.jumpWall(HOUR_MS);
      everyTaskOnce(await world.results(before.run("default", ["same clock"], { delayMs })), 1);
      const waitedMs = (world.ledger.runs[0]?.startedAt ?? 0) - sentAt;
      assert.ok(waitedMs >= delayMs && waitedMs <= delayMs + late, `I14: ${waitedMs} ms, neither of them has jumped`);
      await world.time.wait(first.stop(), "the worker stops");
      // An hour ahead of the one that sends: its deadline is over before it has begun.
      await world.worker({ handler });
      const [expired] = await world.results(before.run("default", ["short"], { deadlineMs: HOUR_MS / 2 }));
      assert.equal(expired?.outcome, "expired");
      const [fine] = await world.results(before.run("default", ["long"], { deadlineMs: HOUR_MS * 1.5 }));
      assert.equal(fine?.outcome, "completed", "I14: a deadline has shifted by more than the jump");
      // Both have jumped: they agree.
      const { dispatcher: after } = await world.dispatcher();
      const [agreed] = await world.results(after.run("default", ["agreed"], { deadlineMs: HOUR_MS / 2 }));
      assert.equal(agreed?.outcome, "completed");
    },
  },
});
