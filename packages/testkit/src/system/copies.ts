import assert from "node:assert/strict";
import { input } from "@org/dispatch-core";
import { area, verbs } from "../case.ts";
import { lostSession } from "../decorators/lost-session.ts";
import { everyTaskOnce, fencesRise } from "../invariants.ts";

const fail = () => {
  throw new Error("no luck");
};

/** Copies: what they carry, what they are called, and that none forks a task. */
export const copyCases = area("system", "retry", {
  "keeps-id-priority-headers": {
    cites: ["I8", "I17"],
    expects: "a retry is the same task: its id, priority, headers and payload travel with every copy",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const seen: unknown[] = [];
      const handler = (
        payload: unknown,
        { id, attempt, headers }: { id: string; attempt: number; headers: object },
      ) => {
        seen.push({ id, attempt, headers: { ...headers }, payload });
        if (attempt < 3) throw new Error("again");
      };
      await world.worker({ handler });
      const options = { id: "order-7", priority: 8, headers: { trace: "a-1", ünï: "ç✓" } };
      const payload = { text: "naïve ☃ \u0000", nested: [1, null, { deep: true }] };
      const run = dispatcher.run("default", [input(payload, options)]);
      const [result] = await world.results(run);
      assert.deepEqual([result?.outcome, result?.attempts, result?.ref], ["completed", 3, "order-7"]);
      const expected = [1, 2, 3].map((attempt) => ({ id: `${run.id}/0`, attempt, headers: options.headers, payload }));
      assert.deepEqual(seen, expected);
      const ofRun = world.sent.filter(({ queue, frame }) => queue.role === "work" && frame.name.startsWith(run.id));
      const frames = ofRun.map(({ frame }) => frame);
      assert.deepEqual([...new Set(frames.map(({ priority }) => priority))], [8]);
      // Where a delay is emulated each hop is a copy, too.
      assert.deepEqual(
        [...new Set(frames.map(({ name }) => name.slice(0, name.lastIndexOf("~"))))],
        [0, 1, 2].map((n) => `${run.id}/0#0.${n}`),
      );
      assert.equal(new Set(frames.map(({ id }) => id)).size, 1, "I12: the copies of a task have the same id");
      assert.deepEqual(
        frames.map(({ first }) => first),
        frames.map((_, index) => index === 0),
      );
    },
  },

  "no-fork": {
    cites: ["I1", "I3", "I8"],
    expects:
      "a session that is lost between a copy and its ack leaves one line of copies: as many dead letters as tasks",
    when: verbs("browse", "depth"),
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const forMs = world.leaseMs * 1.5;
      const session = lostSession({ now: () => world.clock.now(), forMs, times: 3 });
      const options = { maxAttempts: 3, maxLost: 10, concurrency: 20 };
      await world.worker({ handler: fail }, options, (process) =>
        process.intercept(["move", "settle", "renew"], session),
      );
      const run = dispatcher.run("default", Array(10).keys());
      const results = await world.results(run);
      everyTaskOnce(results, 10);
      for (const { outcome, attempts } of results)
        assert.deepEqual({ outcome, attempts }, { outcome: "dead", attempts: 3 });
      await world.rest();
      const { ready } = await world.depth("dead");
      assert.equal(ready, 10, `I1: ${ready} dead letters for 10 tasks`);
      assert.equal((await world.deadLetters()).length, 10);
    },
  },

  "redriven-task-is-not-swallowed": {
    cites: ["I1", "I5", "I8"],
    expects: "a dead letter that is sent again is a new round: a worker that knows its earlier names runs it",
    when: verbs("browse"),
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      let fails = true;
      const handler = () => (fails ? fail() : "done");
      await world.worker({ handler }, { maxAttempts: 3 });
      const { id } = await world.time.wait(dispatcher.send("default", "payload"), "sent");
      const admin = await world.admin();
      for (const round of [0, 1]) {
        await world.time.until(() => world.events.count("task_dead") === round + 1, `round ${round} ends dead`);
        fails = round === 0;
        assert.equal(await world.time.wait(admin.dead.redrive({ ids: [id] }), "redriven"), 1);
      }
      await world.time.until(() => world.events.count("queue_completed") === 1, "the redriven task completes");
      const runs = world.ledger.of(id);
      assert.deepEqual(
        runs.map(({ attempt }) => attempt),
        [1, 2, 3, 1, 2, 3, 1],
        "I8: a new round starts anew",
      );
      fencesRise(world.ledger, true);
      assert.ok(
        runs.every(({ fence }, index) => fence > (runs[index - 1]?.fence ?? -1)),
        "I5: also over rounds",
      );
      assert.deepEqual(await world.deadLetters(), []);
    },
  },
});
