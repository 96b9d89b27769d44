import { Dispatcher, type Task, Worker } from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseInputs, relationInputs } from "./inputs.ts";
import { judgeCase, judgeRelation } from "./judgement.ts";
import evaluate, { parse, relation } from "./tasks.ts";

/** Times differ from run to run; all else must not. */
function withoutTimes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, field: unknown) => (key === "durationMs" ? 0 : field));
}

describe("through a dispatcher and a worker", () => {
  let backend: ReturnType<typeof memory>;
  let dispatcher: Dispatcher;
  let worker: Worker;
  let started: () => void = () => {};

  beforeEach(async () => {
    backend = memory();
    const observer = ({ event }: { readonly event: string }) => {
      if (event === "task_started") started();
    };
    worker = await Worker.start(backend, [parse, relation, evaluate], { observer });
    dispatcher = await Dispatcher.open(backend);
  });

  afterEach(async () => {
    await dispatcher.close();
    await worker.stop();
    await backend.close();
  });

  const valuesOf = async <I, O>(task: Task<I, O>, inputs: readonly I[]): Promise<unknown[]> => {
    const results = await dispatcher.run(task, inputs, { ordered: true }).results();
    expect(results.map((one) => one.error)).toEqual(inputs.map(() => undefined));
    return results.map((one) => withoutTimes(one.value));
  };

  const early = [...parseInputs({ folders: ["early"] })].slice(0, 40);
  const twins = [...relationInputs()].slice(0, 40);

  test("the task parse gives what its function gives", async () => {
    expect(await valuesOf(parse, early)).toEqual(early.map((one) => withoutTimes(judgeCase(one))));
  });

  test("the task relation gives what its function gives", async () => {
    expect(await valuesOf(relation, twins)).toEqual(twins.map(judgeRelation));
  });

  test("the task evaluate does either, as the payload asks", async () => {
    const mixed = [...twins.slice(0, 3), ...early.slice(0, 3)];
    expect(await valuesOf(evaluate, mixed)).toEqual([
      ...twins.slice(0, 3).map(judgeRelation),
      ...early.slice(0, 3).map((one) => withoutTimes(judgeCase(one))),
    ]);
  });

  test("a payload that is none is dead at once, and says what is missing", async () => {
    const { goal, source } = early[0] ?? expect.fail();
    const inputs: unknown[] = ["text", null, { goal, source }];
    const results = await dispatcher.run("parse", inputs, { ordered: true }).results();
    expect(results.map(({ outcome, attempts, error }) => [outcome, attempts, error?.code])).toEqual([
      ["dead", 1, "REJECTED"],
      ["dead", 1, "REJECTED"],
      ["dead", 1, "REJECTED"],
    ]);
    expect(results[2]?.error?.message).toBe("not a payload of generate.ts: it has no text file, folder, expected");
  });

  test("slowMs is waited for", async () => {
    const [input] = parseInputs({ folders: ["fail"], slowMs: 60 });
    const [result] = await dispatcher.run(parse, [input ?? expect.fail()]).results();
    expect(result?.outcome).toBe("completed");
    expect(result?.durationMs).toBeGreaterThanOrEqual(58);
  });

  test("a worker that aborts does not wait for slowMs", async () => {
    const begun = new Promise<void>((resolve) => {
      started = resolve;
    });
    const [input] = parseInputs({ folders: ["fail"], slowMs: 3_600_000 });
    const run = dispatcher.run(parse, [input ?? expect.fail()]);
    const finished = run.finished();
    await begun;
    worker.abort();
    await worker.stop();
    run.cancel();
    expect((await finished).cancelled).toBe(1);
  });
});
