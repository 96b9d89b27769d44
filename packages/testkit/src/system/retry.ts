import assert from "node:assert/strict";
import { Dead } from "@org/dispatch-core";
import { area, verbs } from "../case.ts";
import { attemptsAgree, backsOff, everyTaskOnce, saysWhy } from "../invariants.ts";

/** Failed attempts: counted, spaced, and ended. */
export const retryCases = area("system", "retry", {
  "attempts-to-dead": {
    cites: ["I1", "I3", "I8", "I9"],
    expects:
      "a task that fails maxAttempts times lies in the dead letters once, with its reason; its neighbours complete",
    when: verbs("browse"),
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = (fails: boolean, { attempt }: { attempt: number }) => {
        if (fails) throw new Error(`no luck ${attempt}`);
        return attempt;
      };
      await world.worker({ handler }, { maxAttempts: 3 });
      const results = await world.results(dispatcher.run("default", [true, false, true, false]));
      everyTaskOnce(results, 4);
      for (const result of results) {
        attemptsAgree(result, world.ledger);
        const fails = result.index % 2 === 0;
        assert.equal(result.outcome, fails ? "dead" : "completed");
        assert.equal(result.attempts, fails ? 3 : 1);
        assert.equal(result.error?.code, fails ? "ATTEMPTS_EXHAUSTED" : undefined);
      }
      const letters = await world.deadLetters();
      assert.deepEqual(
        letters.map(({ id }) => id).sort(),
        results
          .filter(({ outcome }) => outcome === "dead")
          .map(({ id }) => id)
          .sort(),
      );
      for (const letter of letters) {
        saysWhy(letter);
        assert.equal(letter.attempts, 3);
        assert.equal(letter.error.message, "no luck 3");
        assert.equal(letter.payload, true);
      }
    },
  },

  "not-retryable-to-dead": {
    cites: ["I8", "I9"],
    expects: "what can never succeed is not tried again",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = (kind: string) => {
        throw kind === "dead" ? new Dead("never") : new TypeError("wrong type");
      };
      await world.worker({ handler }, { retryable: (error) => !(error instanceof TypeError) });
      const results = await world.results(dispatcher.run("default", ["dead", "type"]));
      everyTaskOnce(results, 2);
      for (const { outcome, attempts, error } of results) {
        assert.deepEqual({ outcome, attempts, code: error?.code }, { outcome: "dead", attempts: 1, code: "REJECTED" });
      }
      assert.equal(world.ledger.runs.length, 2);
      assert.equal(world.events.count("queue_requeued"), 0);
    },
  },

  "backoff-in-range": {
    cites: ["I14", "I15"],
    expects: "a retry comes neither before its delay nor, but for the declared precision, after it",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const backoff = { baseMs: 200, maxMs: 1_000 };
      const handler = () => {
        throw new Error("again");
      };
      await world.worker({ handler }, { backoff, maxAttempts: 6, concurrency: 30 });
      everyTaskOnce(await world.results(dispatcher.run("default", Array(20).keys())), 20);
      const requeued = world.events.named("queue_requeued");
      assert.equal(requeued.length, 100);
      for (const { attempt, delayMs } of requeued) {
        const most = Math.min(backoff.maxMs, backoff.baseMs * 2 ** (attempt - 1));
        assert.ok(delayMs >= 1 && delayMs <= most, `I15: ${delayMs} ms after attempt ${attempt}, the most is ${most}`);
      }
      assert.ok(new Set(requeued.map(({ delayMs }) => delayMs)).size > 50, "I15: no jitter");
      const lateMs = world.profile.limits.delayPrecisionMs + world.slackMs;
      backsOff(world.ledger, { ...backoff, lateMs });
      for (const { taskId, attempt, delayMs } of requeued) {
        const [from, to] = [attempt, attempt + 1].map((n) => world.ledger.of(taskId).find((run) => run.attempt === n));
        const waitedMs = (to?.startedAt ?? 0) - (from?.endedAt ?? 0);
        assert.ok(waitedMs >= delayMs && waitedMs <= delayMs + lateMs, `I14: ${waitedMs} ms instead of ${delayMs}`);
      }
    },
  },
});
