import assert from "node:assert/strict";
import type { Context } from "@org/dispatch-core";
import { area, verbs } from "../case.ts";
import type { WorkerProcess } from "../world/worker-process.ts";

/** What becomes of tasks whose coordinator has ended, in good order or not. */
export const coordinatorCases = area("system", "result", {
  "coordinator-crash-loses-nothing-sent": {
    cites: ["I1", "L1"],
    expects: "what was sent is done, once, also when nobody is left to be told",
    when: verbs("depth"),
    async run(world) {
      const { dispatcher, process } = await world.dispatcher({ coordinator: "head" });
      const run = dispatcher.run("default", Array(40).keys());
      void run.finished();
      await world.time.until(() => run.progress.sent === 40, "all are sent");
      process.crash();
      await world.worker({ handler: (n: number) => n });
      await world.time.until(() => world.events.count("queue_completed") === 40, "all are done");
      await world.rest();
      assert.equal(new Set(world.ledger.runs.map(({ id }) => id)).size, 40);
      assert.equal(world.ledger.runs.length, 40);
    },
  },

  "orphans-reach-the-same-id": {
    cites: ["I1", "I16"],
    endsSessions: true,
    expects: "results wait for a coordinator that has crashed, and reach the next one of its id as orphans",
    when: ({ replyRetentionMs }) => replyRetentionMs > 0 || "replyRetentionMs 0",
    async run(world) {
      const before = await world.dispatcher({ coordinator: "head" });
      const old = before.dispatcher.run("default", Array(20).keys());
      void old.finished();
      await world.time.until(() => old.progress.sent === 20, "all are sent");
      before.process.crash();
      await world.worker({ handler: (n: number) => n + 100 });
      await world.time.until(() => world.events.count("queue_completed") === 20, "all are done");
      const { dispatcher } = await world.dispatcher({ coordinator: "head" });
      await world.time.until(() => world.events.count("orphan") >= 20, "the results reach the next coordinator");
      const orphans = world.events.named("orphan").map(({ taskId, result }) => [taskId, result.outcome, result.value]);
      const expected = Array.from({ length: 20 }, (_, index) => [`${old.id}/${index}`, "completed", index + 100]);
      assert.deepEqual(orphans.sort(byId), expected.sort(byId));
      const run = dispatcher.run("default", [1]);
      const results = await world.results(run);
      assert.deepEqual(
        results.map(({ value }) => value),
        [101],
        "an orphan took the place of a result",
      );
    },
  },

  "reply-gone-acks-and-counts": {
    cites: ["I1", "I20"],
    expects: "a result whose coordinator is gone for good is counted, and its task acked: it is not done again",
    when: (profile) => (profile.knowsGone ? verbs("remove", "depth")(profile) : "knowsGone false"),
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      let go = false;
      const handler = async (n: number, { signal }: Context, host: WorkerProcess) => {
        while (!go) await world.sleep(50, host, signal);
        if (n === 0) throw new Error("this one is dead");
        return n;
      };
      await world.worker({ handler }, { maxAttempts: 1 });
      const run = dispatcher.run("default", Array(8).keys());
      void run.finished();
      await world.time.until(() => world.ledger.runs.length === 8, "all begin");
      await world.time.wait(dispatcher.close(), "the dispatcher closes");
      go = true;
      await world.time.until(() => world.events.count("undeliverable") === 8, "all are undeliverable");
      await world.rest();
      await world.time.pass(world.leaseMs * 2);
      assert.equal(world.ledger.runs.length, 8, "work was repeated for a missing listener");
      const outcomes = world.events.named("undeliverable").map(({ outcome }) => outcome);
      assert.deepEqual(outcomes.sort(), [...Array(7).fill("completed"), "dead"]);
      assert.equal(world.events.count("task_dead"), 1);
    },
  },
});

function byId(one: readonly unknown[], other: readonly unknown[]): number {
  return String(one[0]).localeCompare(String(other[0]));
}
