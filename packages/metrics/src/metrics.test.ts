import { AggregatorRegistry, Gauge, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { readLines } from "../../../tooling/observability/samples.ts";
import { Metrics } from "./metrics.ts";
import { made } from "./testing/events.ts";
import { opened } from "./testing/opened.ts";

/** The classic names, which dashboards know. */
const NINE = [
  "queue_pending_tasks",
  "inflight_cases",
  "active_workers",
  "cases_dispatched_total",
  "cases_completed_total",
  "cases_requeued_total",
  "worker_heartbeats_total",
  "timeout_failures_total",
  "serialization_errors_total",
];

const {
  dispatched,
  ended,
  started,
  completed,
  requeued,
  dead,
  leased,
  call,
  status,
  workerStarted,
  runStarted,
  runFinished,
} = made;
const beat = { queue: "mails", workerId: "w1", slots: 4, busy: 2 } as const;
const about = { queue: "mails", task: "send", taskId: "r/0", attempt: 1, workerId: "w1" } as const;

describe("names", () => {
  it("with the prefix metamorphic, the classic nine come out exactly, and mean what they say", async () => {
    const { tell, lines } = opened({ prefix: "metamorphic" });
    tell(call({ verb: "open" }), runStarted(7, 3), dispatched(), dispatched({ taskId: "r/1" }), ended());
    tell(requeued(), { event: "task_timed_out", ...about, durationMs: 5 });
    tell({ event: "beat_received", ...beat, held: 4 }, status({ ready: 5, delayed: 1, leased: 4 }));
    tell({ event: "frame_rejected", queue: "mails", code: "FRAME_INVALID", detail: "cut short", bytes: 3 });
    const found = (await lines()).filter(({ name }) => NINE.some((nine) => name === `metamorphic_${nine}`));
    const values = Object.fromEntries(found.map(({ name, value }) => [name.replace("metamorphic_", ""), value]));
    expect(values).toEqual({
      queue_pending_tasks: 6,
      inflight_cases: 4,
      active_workers: 3,
      cases_dispatched_total: 2,
      cases_completed_total: 1,
      cases_requeued_total: 1,
      worker_heartbeats_total: 1,
      timeout_failures_total: 1,
      serialization_errors_total: 1,
    });
    expect((await lines()).every(({ name }) => name.startsWith("metamorphic_"))).toBe(true);
  });

  it("join the user's own in a registry, and leave it when they are closed", async () => {
    const registry = new Registry();
    const metrics = Metrics.open({ registry, prefix: "mine" });
    expect(() => Metrics.open({ registry, prefix: "mine" })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining("mine_queue_pending_tasks") }),
    );
    expect(await registry.metrics()).toContain("# TYPE mine_cases_dispatched_total counter");
    metrics.close();
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it("leave nothing in a registry that has any of them, even the last", () => {
    const registry = new Registry();
    new Gauge({ name: "dispatch_build_info", help: "another one's", registers: [registry] });
    expect(() => Metrics.open({ registry })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(registry.getMetricsAsArray()).toHaveLength(1);
    registry.clear();
    Metrics.open({ registry }).close();
  });

  it.each([
    [{ prefix: "9a" }, "prefix"],
    [{ prefix: "a-b" }, "prefix"],
    [{ prefx: "a" } as object, "unknown option prefx"],
    [{ maxTasks: 0 }, "maxTasks"],
    [{ maxQueues: 1.5 }, "maxQueues"],
    [{ health: { staleMs: -1 } }, "staleMs"],
    [{ scale: { drainSeconds: 0 } }, "drainSeconds"],
  ])("options are checked: %j", (options, word) => {
    expect(() => Metrics.open(options)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(word) }),
    );
  });
});

describe("labels", () => {
  it("a flood of 10,000 names of tasks stays within the bound, and no count is lost", async () => {
    const { tell, lines, sum } = opened({ maxTasks: 50, maxQueues: 5 });
    tell(call());
    for (let n = 0; n < 10_000; n += 1) {
      const names = { task: `task-${n}`, queue: `queue-${n % 20}` };
      tell(
        dispatched({ ...names, awaited: false }),
        started(names),
        completed(names),
        dead({ ...names, code: `CODE_${n}` as never }),
      );
    }
    const all = await lines();
    const valuesOf = (label: string) => new Set(all.map(({ labels }) => labels[label]).filter((value) => value));
    expect([valuesOf("task").size, valuesOf("queue").size, [...valuesOf("reason")]]).toEqual([51, 6, ["_other"]]);
    expect([...valuesOf("task"), ...valuesOf("queue")].filter((value) => value === "_other")).toHaveLength(2);
    expect(await sum("dispatch_cases_dispatched_total")).toBe(10_000);
    expect(await sum("dispatch_tasks_settled_total", { outcome: "dead", reason: "_other" })).toBe(10_000);
  });

  it("what a frame says is a label only where this process knows the name", async () => {
    const { tell, sum } = opened({ tasks: ["named"] });
    tell(
      call(),
      workerStarted(0, 4),
      started({ task: "forged" }),
      started({ task: "send" }),
      started({ task: "named" }),
    );
    const of = (task: string) => sum("dispatch_tasks_started_total", { task });
    expect([await of("forged"), await of("_other"), await of("send"), await of("named")]).toEqual([0, 1, 1, 1]);
  });

  it("a name that is registered later has a series from then on", async () => {
    const { tell, sum } = opened();
    tell(started(), workerStarted(0, 4), started());
    expect([
      await sum("dispatch_tasks_started_total", { task: "_other" }),
      await sum("dispatch_tasks_started_total", { task: "send" }),
    ]).toEqual([1, 1]);
  });

  it("never hold an id", async () => {
    const { tell, lines } = opened();
    tell(call(), runStarted(1), workerStarted(1, 4), dispatched(), started(), completed(), ended(), leased());
    tell({ event: "heartbeat_timeout", queue: "mails", workerId: "w1", silentMs: 1, held: 1 });
    const allowed = ["backend", "queue", "task", "outcome", "reason", "op", "le", "version", "node"];
    const names = new Set((await lines()).flatMap(({ labels }) => Object.keys(labels)));
    expect([...names].filter((name) => !allowed.includes(name))).toEqual([]);
    expect(
      (await lines())
        .flatMap(({ labels }) => Object.values(labels))
        .filter((value) => value === "w1" || value.startsWith("r/")),
    ).toEqual([]);
  });

  it("each backend of a process has series of its own", async () => {
    const { metrics, sum } = opened();
    metrics.observerOf("redis")(dispatched());
    metrics.observerOf("kafka")(dispatched());
    metrics.observerOf("redis")(dispatched());
    expect([
      await sum("dispatch_cases_dispatched_total", { backend: "redis" }),
      await sum("dispatch_cases_dispatched_total", { backend: "kafka" }),
    ]).toEqual([2, 1]);
  });
});

describe("several of one kind", () => {
  it.each(["first", "last"] as const)(
    "one backend has one set of books, though both observers are used: observer %s",
    async (which) => {
      const { metrics, clock, lines, sum } = opened();
      const [one, other] =
        which === "first"
          ? [metrics.observer, () => metrics.observerOf("memory")]
          : [metrics.observerOf("memory"), () => metrics.observer];
      one(call({ verb: "open" }));
      other()(call({ verb: "open" }));
      one(workerStarted(4, 10));
      other()(status({ ready: 30 }));
      one(completed());
      other()(completed());
      expect(await sum("dispatch_last_round_trip_timestamp_seconds")).toBe(clock.nowMs / 1_000);
      expect(await sum("dispatch_backend_operation_seconds_count")).toBe(2);
      const series = (await lines()).map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
      expect(series).toHaveLength(new Set(series).size);
      expect(metrics.scale()).toMatchObject({ backlog: 30, drainSeconds: 0.06 });
    },
  );

  it("processes of a cluster: what all of them look at is not added up, nor is a time", async () => {
    const { clock, metrics, tell } = opened();
    tell(
      call(),
      workerStarted(4, 10),
      runStarted(7),
      dispatched(),
      leased(),
      status({ ready: 5, delayed: 1, oldestAgeMs: 9_000 }),
    );
    const said = await metrics.registry.getMetricsAsJSON();
    const lines = readLines(await AggregatorRegistry.aggregate([said, said]).metrics());
    const of = (name: string) => lines.filter((line) => line.name === `dispatch_${name}`).map(({ value }) => value);
    for (const [name, value] of [
      ["queue_pending_tasks", 6],
      ["queue_ready_frames", 5],
      ["queue_oldest_task_age_seconds", 9],
      ["last_grant_timestamp_seconds", clock.nowMs / 1_000],
      ["last_round_trip_timestamp_seconds", clock.nowMs / 1_000],
      ["build_info", 1],
      ["slots", 20],
      ["tasks_outstanding", 14],
      ["cases_dispatched_total", 2],
    ] as const)
      expect([name, of(name)]).toEqual([name, [value]]);
  });
});

describe("what is counted", () => {
  it("attempts that failed: those that are tried again, and the last ones; not what was refused unread", async () => {
    const { tell, sum } = opened();
    tell(
      requeued(),
      requeued({ reason: "timed_out" }),
      requeued({ reason: "shutdown" }),
      requeued({ reason: "last_chance" }),
    );
    tell(dead(), dead({ code: "ATTEMPTS_EXHAUSTED" }), dead({ code: "TIMED_OUT" }), dead({ code: "INPUT_INVALID" }));
    const failed = (reason: string) => sum("dispatch_tasks_failed_total", { reason });
    expect([await failed("failed"), await failed("timed_out"), await sum("dispatch_tasks_failed_total")]).toEqual([
      3, 2, 5,
    ]);
    expect(await sum("dispatch_cases_requeued_total", { reason: "shutdown" })).toBe(1);
  });

  it("an end has the same reason at the worker that settles it and at the run that accepts it", async () => {
    const { tell, lines } = opened();
    tell({ event: "task_expired", ...about, durationMs: 0 }, { event: "task_cancelled", ...about, durationMs: 4 });
    tell(completed(), dead(), ended(), ended({ outcome: "dead", code: "REJECTED" }));
    tell(ended({ outcome: "expired", code: "EXPIRED" }), ended({ outcome: "cancelled", code: "CANCELLED" }));
    const of = async (name: string) =>
      (await lines())
        .filter((line) => line.name === `dispatch_tasks_${name}_total`)
        .map(({ labels, value }) => `${labels.outcome} ${labels.reason} ${value}`)
        .sort();
    expect(await of("settled")).toEqual(await of("ended"));
    expect(await of("settled")).toEqual([
      "cancelled CANCELLED 1",
      "completed  1",
      "dead REJECTED 1",
      "expired EXPIRED 1",
    ]);
  });

  it("a repeat was not added, and nobody waits for what has no run", async () => {
    const { tell, sum } = opened();
    tell(dispatched({ awaited: false }), dispatched({ awaited: false, duplicate: true }), dispatched());
    expect([await sum("dispatch_cases_dispatched_total"), await sum("dispatch_tasks_unawaited_total")]).toEqual([2, 1]);
  });

  it("results that came too late, and those of an earlier process", async () => {
    const { tell, sum } = opened();
    const late = { event: "result_duplicate", queue: "mails", taskId: "r/0", outcome: "completed" } as const;
    tell({ ...late, fenced: true }, { ...late, fenced: false }, { ...late, fenced: true });
    tell({
      event: "orphan",
      queue: "mails",
      taskId: "r/0",
      result: { run: "r", index: 0, outcome: "completed", round: 0, attempts: 1, copy: 0, lost: 0, durationMs: 1 },
    });
    tell(
      { event: "task_resent", queue: "mails", taskId: "r/0", round: 1 },
      { event: "lease_lost", ...about, reason: "fenced" },
    );
    tell(
      { event: "slot_abandoned", ...about, code: "TIMED_OUT" },
      { event: "undeliverable", ...about, outcome: "dead" },
    );
    expect(
      await Promise.all(
        ["fenced", "duplicate", "orphaned", "undeliverable"].map((word) => sum(`dispatch_results_${word}_total`)),
      ),
    ).toEqual([2, 1, 1, 1]);
    expect(
      await Promise.all(
        ["tasks_resent", "leases_lost", "slots_abandoned"].map((word) => sum(`dispatch_${word}_total`)),
      ),
    ).toEqual([1, 1, 1]);
  });

  it("beats that were received, and those that were sent without a run; a run never takes any of them back", async () => {
    const { tell, sum } = opened();
    const beats = () => sum("dispatch_worker_heartbeats_total");
    tell({ event: "beat_sent", ...beat }, { event: "beat_sent", ...beat, held: 1 });
    expect(await beats()).toBe(2);
    // One that this process both sends and receives is one.
    tell(runStarted(1), { event: "beat_sent", ...beat }, { event: "beat_received", ...beat, held: 1 });
    expect(await beats()).toBe(3);
    tell(runFinished(), { event: "beat_sent", ...beat });
    expect(await beats()).toBe(4);
  });

  it("durations in seconds, in buckets that add up", async () => {
    const { tell, lines } = opened();
    tell(
      workerStarted(0, 4),
      runStarted(0),
      started({ ageMs: 700 }),
      started({ ageMs: 9_000, attempt: 2 }),
      started({ ageMs: 9_000, lost: 1 }),
      started({ ageMs: 86_400_000, round: 1 }),
    );
    for (const durationMs of [0.5, 20, 20, 5_000_000]) tell(completed({ durationMs }));
    tell(ended({ ageMs: 90 }), ended({ ageMs: 3_000, outcome: "dead", code: "LOST" }));
    const all = await lines();
    const buckets = (name: string, outcome?: string) =>
      all
        .filter((line) => line.name === `dispatch_${name}_seconds_bucket` && line.labels.outcome === outcome)
        .map(({ labels, value }) => `${labels.le}: ${value}`);
    expect(buckets("task_process", "completed")).toEqual(
      expect.arrayContaining(["0.001: 1", "0.01: 1", "0.025: 3", "1800: 3", "+Inf: 4"]),
    );
    expect(buckets("task_end_to_end", "dead")).toEqual(expect.arrayContaining(["2.5: 0", "5: 1", "+Inf: 1"]));
    expect(buckets("task_wait")).toEqual(expect.arrayContaining(["0.5: 0", "1: 1", "+Inf: 1"]));
    const process = all.filter(
      ({ name, labels }) => name.startsWith("dispatch_task_process_seconds_") && labels.le === undefined,
    );
    expect(process.map(({ value }) => value)).toEqual([5_000.0405, 4]);
  });

  it("packs by their size, calls by verb and code", async () => {
    const { tell, lines, sum } = opened();
    tell(
      leased({ frames: 5, tasks: 123, packs: [100, 20] }),
      call({ verb: "receive" }),
      call({ verb: "receive", code: "UNAVAILABLE", message: "away", again: true }),
    );
    expect([await sum("dispatch_tasks_leased_total"), await sum("dispatch_frames_leased_total")]).toEqual([123, 5]);
    const packs = (await lines())
      .filter(({ name }) => name === "dispatch_pack_tasks_bucket")
      .map(({ labels, value }) => `${labels.le}: ${value}`);
    expect(packs).toEqual(expect.arrayContaining(["1: 3", "10: 3", "20: 4", "50: 4", "100: 5", "+Inf: 5"]));
    expect(
      await sum("dispatch_backend_operation_seconds_count", {
        backend: "memory",
        op: "receive",
        reason: "UNAVAILABLE",
      }),
    ).toBe(1);
  });

  it("who it is, and that its event loop turns", async () => {
    const { lines } = opened();
    const info = (await lines()).find(({ name }) => name === "dispatch_build_info");
    expect(info).toMatchObject({
      value: 1,
      labels: { version: expect.stringMatching(/^\d+\.\d+\.\d+/), node: process.version },
    });
    const until = performance.now() + 100;
    await new Promise((resolve) => setTimeout(resolve, 30));
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const lag = (await lines()).find(({ name }) => name === "dispatch_event_loop_lag_seconds");
    expect(lag?.value).toBeGreaterThan(0.02);
  });

  it("a single stall of the event loop shows, once, though hardly any turn was late", async () => {
    const { sum } = opened();
    await sum("dispatch_build_info");
    const longest = () => sum("dispatch_event_loop_stall_seconds");
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const until = performance.now() + 1_000;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await longest()).toBeGreaterThan(0.9);
    expect(await longest()).toBeLessThan(0.9);
  });
});
