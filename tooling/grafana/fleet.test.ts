/** What panels and the example for KEDA say of several processes, as Prometheus works it out of given series. */
import { readFile, writeFile } from "node:fs/promises";
import { describe, test } from "vitest";
import { parse } from "yaml";
import { needPromtool, promtool } from "../services/prometheus/promtool.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { root } from "../tree.ts";
import { asAsked, boards } from "./boards.ts";

type Series = readonly [name: string, instance: string, values: string];

/** Expected of a legend or a trigger: the value of its one line; undefined: there is none. */
type Expected = readonly [expr: string, value: number | undefined];

const isPromtoolThere = await needPromtool();

/** Every minute a sample; asked at the end. */
async function expectValues(series: readonly Series[], expected: readonly Expected[], labels: string): Promise<void> {
  const file = {
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: series.map(([name, instance, values]) => ({
          series: `dispatch_${name}{backend="redis", queue="default", instance="${instance}", job="dispatch"}`,
          values,
        })),
        promql_expr_test: expected.map(([expr, value]) => ({
          expr,
          eval_time: "10m",
          exp_samples: value === undefined ? [] : [{ labels, value }],
        })),
      },
    ],
  };
  const folder = await temporaryFolder("fleet");
  await writeFile(`${folder}/fleet.test.yml`, JSON.stringify(file));
  const { code, output } = await promtool(["test", "rules", "fleet.test.yml"], folder);
  if (code !== 0) throw new Error(output);
}

function asked(board: string, title: string, legend?: string): string {
  const panels = boards.filter(({ name }) => name === board).flatMap(({ rows }) => rows.flatMap((row) => row.panels));
  const queries = panels.find((panel) => panel.title === title)?.queries ?? [];
  const query = legend === undefined ? queries[0] : queries.find((one) => one.legend === legend);
  if (query === undefined) throw new Error(`no ${legend ?? "query"} in ${title} of ${board}`);
  return asAsked(query.expr, 300);
}

const process = (instance: string, says: Readonly<Record<string, number>>): Series[] =>
  Object.entries(says).map(([name, value]) => [name, instance, `${value}x10`]);
const pod = (instance: string) => process(instance, { inflight_cases: 4, active_workers: 1, slots: 4 });

describe.skipIf(!isPromtoolThere)("tasks in hand, and workers", () => {
  test.each<[what: string, series: Series[], inHand: number, workers: number]>([
    ["three workers, of which each knows itself", ["a", "b", "c"].flatMap(pod), 12, 3],
    [
      "two of five workers, and a coordinator that hears of all",
      [...["a", "b"].flatMap(pod), ...process("run", { inflight_cases: 20, active_workers: 5, slots: 0 })],
      20,
      5,
    ],
    [
      "a coordinator with a worker of its own, beside two others",
      [...["a", "b"].flatMap(pod), ...process("run", { inflight_cases: 4, active_workers: 3, slots: 4 })],
      12,
      3,
    ],
    ["a coordinator alone", process("run", { inflight_cases: 7, active_workers: 2, slots: 0 }), 7, 2],
    ["nobody at work", process("run", { inflight_cases: 0, active_workers: 0, slots: 0 }), 0, 0],
  ])("%s", async (_, series, inHand, workers) => {
    const overview: Expected[] = [
      [asked("overview", "Tasks in hand"), inHand],
      [asked("overview", "Active workers"), workers],
    ];
    await expectValues(series, overview, '{backend="redis", queue="default"}');
    const queue: Expected[] = [
      [asked("queue", "Tasks", "in hand"), inHand],
      [asked("queue", "Workers", "active"), workers],
    ];
    await expectValues(series, queue, "{}");
  });
});

describe.skipIf(!isPromtoolThere)("beats", () => {
  const workers: Series[] = ["a", "b"].flatMap((instance) => [
    ["worker_heartbeats_total", instance, "0+60x10"],
    ["tasks_outstanding", instance, "0x10"],
  ]);
  const run: Series[] = [
    ["worker_heartbeats_total", "run", "0+120x10"],
    ["tasks_outstanding", "run", "9x9 0"],
    ["queue_pending_tasks", "run", "0x10"],
  ];
  test("are not counted at both of their ends", async () => {
    const [received, sent] = [asked("queue", "Heartbeats", "received"), asked("queue", "Heartbeats", "sent")];
    await expectValues([...workers, ...run], [[received, 2], [sent, 2]], "{}"); // biome-ignore format: one line
    await expectValues(run, [[received, 2], [sent, 0]], "{}"); // biome-ignore format: one line
  });
});

describe.skipIf(!isPromtoolThere)("the triggers of KEDA", async () => {
  const { spec } = parse(await readFile(`${root}/examples/keda/prometheus.yaml`, "utf8"));
  const [ready, age] = (spec.triggers as { metadata: { query: string } }[]).map(({ metadata }) => metadata.query);
  const stands = (readyFrames: number, delayed: number) => ({ queue_ready_frames: readyFrames, queue_delayed_frames: delayed }); // biome-ignore format: one line

  test.each<[what: string, series: Series[], tasks: number | undefined]>([
    ["what is delayed calls no worker", process("a", { queue_pending_tasks: 218, ...stands(18, 200) }), 18],
    ["nor where nothing else waits", process("a", { queue_pending_tasks: 200, ...stands(0, 200) }), 0],
    ["an empty queue", process("a", { queue_pending_tasks: 0, ...stands(0, 0) }), 0],
    ["a pack counts its tasks", process("a", { queue_pending_tasks: 500, ...stands(4, 1) }), 400],
    [
      "of two processes, the one that has asked the broker",
      [...process("a", { queue_pending_tasks: 218, ...stands(18, 200) }), ...process("b", { queue_pending_tasks: 90 })],
      18,
    ],
    ["what runs say, where no broker can be asked", process("b", { queue_pending_tasks: 90 }), 90],
    ["nothing is scraped", [], undefined],
  ])("%s", async (_, series, tasks) => {
    await expectValues(series, [[ready ?? "", tasks]], "{}");
  });

  test("the oldest, of all that say it", async () => {
    const series = [...process("a", { queue_oldest_task_age_seconds: 40 }), ...process("b", { queue_oldest_task_age_seconds: 41 })]; // biome-ignore format: one line
    await expectValues(series, [[age ?? "", 41]], "{}");
  });
});
