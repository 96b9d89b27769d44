import assert from "node:assert/strict";
import { area } from "../case.ts";
import { lostSession } from "../decorators/lost-session.ts";
import { everyTaskOnce } from "../invariants.ts";

const TASKS = 12;
const CUTS = 3;
const MAX_ATTEMPTS = 3;

/** What copies can do where they are sent before the ack, and not with it. */
export const forkCases = area("system", "retry", {
  "fork-is-bounded": {
    cites: ["I3", "I4", "I8"],
    isLong: true,
    expects:
      "where a copy and its ack are two steps, a session that is lost between them may fork a task: still one outcome each, and the counters bound the copies",
    when: ({ verbs }) => !verbs.includes("move") || "verbs with move",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = () => {
        throw new Error("no luck");
      };
      const now = () => world.clock.now();
      const forMs = world.leaseMs * 1.5;
      for (let count = 0; count < 3; count += 1) {
        const session = lostSession({ now, forMs, times: CUTS });
        await world.worker({ handler }, { maxAttempts: MAX_ATTEMPTS, maxLost: 20, concurrency: 4 }, (process) =>
          process.intercept(["send", "settle", "renew"], session),
        );
      }
      const run = dispatcher.run("default", Array(TASKS).keys());
      const results = await world.results(run);
      everyTaskOnce(results, TASKS);
      for (const { outcome, attempts } of results)
        assert.deepEqual({ outcome, attempts }, { outcome: "dead", attempts: MAX_ATTEMPTS }, "I8: counted otherwise");
      // What a session held that was lost comes again after its lease, and then once more after the longest back-off.
      const quietMs = forMs + world.lossMs + 1_000 + world.slackMs;
      let begun = -1;
      for (let waits = 0; world.ledger.runs.length > begun; waits += 1) {
        assert.ok(waits <= 10, "I8: a line of copies has no end");
        begun = world.ledger.runs.length;
        await world.time.pass(quietMs);
      }
      assert.equal(world.events.count("task_ended"), TASKS, "I3: a second outcome was accepted");
      for (const { id } of results) {
        const runs = world.ledger.of(id);
        const most = Math.max(...runs.map(({ attempt }) => attempt));
        assert.equal(most, MAX_ATTEMPTS, `I8: ${id} was tried ${most} times`);
        // Each cut can fork the line of copies once, and either line ends by its own counters.
        const bound = MAX_ATTEMPTS * (1 + 3 * CUTS);
        assert.ok(runs.length <= bound, `I8: ${id} was run ${runs.length} times, the counters allow ${bound}`);
      }
    },
  },
});
