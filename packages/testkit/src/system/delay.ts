import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area } from "../case.ts";
import { everyTaskOnce } from "../invariants.ts";
import { canBePassed } from "./delays/affordable.ts";
import { noneEarly } from "./delays/none-early.ts";

/** Delays that the broker, or core on it, keeps: never early, late by at most the declared precision. */
export const delayCases = area("system", "delay", {
  "none-early": {
    cites: ["I14"],
    expects: "a delayed task is begun when its time has come, not before, and not later than the declared precision",
    when: ({ sendDelayMs }) => sendDelayMs >= 5_000 || `sendDelayMs ${sendDelayMs}`,
    run: (world) => noneEarly(world, () => world.random() * 5_000),
  },

  "tiers-none-early": {
    cites: ["I13", "I14"],
    expects:
      "without a native delay, tasks wait in tiers, or in one queue by releases: not too short, not longer than the precision, and keep their lane",
    when: ({ sendDelayMs }) => sendDelayMs === 0 || `sendDelayMs ${sendDelayMs}`,
    run: (world) => noneEarly(world, () => world.random() * 5_000),
  },

  "later-none-early": {
    cites: ["I13", "I14"],
    expects: "a delay beyond the native one waits in the later queue: not too short, not longer than the precision",
    when: (profile) => (profile.sendDelayMs === 0 ? "sendDelayMs 0" : canBePassed(profile)),
    run: (world) => noneEarly(world, () => world.profile.sendDelayMs * (0.5 + 2 * world.random())),
  },

  "delayed-task-is-not-resent": {
    cites: ["I1", "I14"],
    isLong: true,
    expects:
      "a delay longer than resendAfterMs is no silence, and a deadline counts from the send, not from the delay's end",
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

  "ids-of-two-queues-do-not-meet": {
    cites: ["I1", "I12"],
    expects: "delayed tasks of two queues that have the same id of the user are two tasks",
    async run(world) {
      const { dispatcher: first } = await world.dispatcher();
      const { dispatcher: second } = await world.dispatcher({ queue: "others" });
      const options = { id: "order-7", delayMs: 1_000 };
      const sent = [first.send("default", "first", options), second.send("default", "second", options)];
      const answers = await world.time.wait(Promise.all(sent), "both are sent");
      assert.deepEqual(
        answers.map(({ duplicate }) => duplicate),
        [false, false],
      );
      await world.worker({ handler: (payload: string) => payload });
      await world.worker({ handler: (payload: string) => payload }, { queue: "others" });
      await world.time.until(() => world.events.count("queue_completed") === 2, "both are done");
      assert.deepEqual(world.ledger.runs.map(({ payload }) => payload).sort(), ["first", "second"]);
    },
  },
});
