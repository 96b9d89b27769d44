import assert from "node:assert/strict";
import { type Context, Dead, Drop, type Input, input, invalidInput } from "@org/dispatch-core";
import type { Queue } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { duplicate } from "../decorators/duplicate.ts";
import { booksAddUp, everyTaskOnce, valueIsOfItsAttempt } from "../invariants.ts";
import type { Process } from "../world/process.ts";
import type { WorkerProcess } from "../world/worker-process.ts";

const kinds = ["ok", "retried", "exhausted", "dead", "dropped", "expired", "invalid", "unknown"] as const;

/** One result for each task, at the coordinator that asked. */
export const resultCases = area("system", "result", {
  "every-task-one-outcome": {
    cites: ["I1", "I3", "I16", "I20"],
    expects: "each task of a run ends in exactly one outcome, whatever became of it, and the books add up",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const handler = async (kind: string, { attempt, signal }: Context, host: WorkerProcess) => {
        await world.sleep(10, host, signal);
        if (kind === "dead") throw new Dead("never");
        if (kind === "dropped") throw new Drop("not needed");
        if (kind === "exhausted" || (kind === "retried" && attempt < 2)) throw new Error("no luck");
        if (kind === "expired") await world.sleep(1e9, host, signal);
        return { kind, attempt };
      };
      await world.worker({ handler }, { maxAttempts: 3 });
      const inputs = Array.from({ length: 160 }, (_, index): string | Input<string> => {
        const kind = kinds[index % kinds.length] as string;
        if (kind === "invalid") return invalidInput(`line ${index + 1} is damaged`);
        return kind === "expired" ? input(kind, { deadlineMs: world.leaseMs }) : kind;
      });
      const [run, other] = [dispatcher.run("default", inputs), dispatcher.run("nobody-knows-me", [1])];
      const results = await world.results(run);
      everyTaskOnce(results, 160);
      booksAddUp(run.summary, results);
      const outcomes = ["completed", "completed", "dead", "dead", "cancelled", "expired", "dead", "completed"];
      for (const result of results) {
        assert.equal(
          result.outcome,
          outcomes[result.index % kinds.length],
          `a task of kind ${kinds[result.index % kinds.length]}`,
        );
        valueIsOfItsAttempt(result, world.ledger);
      }
      const invalid = results.find(({ index }) => index === 6);
      assert.deepEqual([invalid?.error?.code, invalid?.error?.message], ["INPUT_INVALID", "line 7 is damaged"]);
      const [unknown] = await world.results(other);
      assert.deepEqual([unknown?.outcome, unknown?.error?.code, unknown?.attempts], ["dead", "TASK_UNKNOWN", 0]);
      assert.equal(world.events.count("task_ended"), 161);
      assert.equal(run.summary.duplicates + run.summary.fenced, 0);
    },
  },

  "duplicate-result-one-outcome": {
    cites: ["I3", "I4"],
    expects: "a result that comes twice is accepted once and counted once more",
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      let more = () => {};
      const end = new Promise<void>((resolve) => {
        more = resolve;
      });
      async function* inputs() {
        yield* Array(50).keys();
        await end;
      }
      const toReply = { which: ({ role }: Queue) => role === "reply", regardless: true };
      const twice = (process: Process) => process.decorate((backend) => duplicate(backend, toReply));
      await world.worker({ handler: (n: number) => n * n }, {}, twice);
      const run = dispatcher.run<number, number>("default", inputs());
      const results = world.results(run);
      await world.time.until(() => world.events.count("result_duplicate") === 50, "each result comes twice");
      more();
      everyTaskOnce(await results, 50);
      for (const { index, value } of await results) assert.equal(value, index * index);
      assert.equal(run.summary.duplicates, 50);
      assert.equal(world.events.count("task_ended"), 50);
    },
  },

  "routed-to-its-coordinator": {
    cites: ["I2", "I3"],
    expects: "a result goes to the coordinator that waits for it, and to no other",
    async run(world) {
      const both = [await world.dispatcher(), await world.dispatcher()];
      await world.worker({ handler: (text: string) => text });
      const runs = both.map(({ dispatcher }, mine) =>
        dispatcher.run<string, string>(
          "default",
          Array.from({ length: 30 }, (_, index) => `${mine}/${index}`),
        ),
      );
      for (const [mine, run] of runs.entries()) {
        const results = await world.results(run);
        everyTaskOnce(results, 30);
        for (const { index, value } of results) assert.equal(value, `${mine}/${index}`);
      }
      assert.equal(world.events.count("result_duplicate") + world.events.count("orphan"), 0);
    },
  },
});
