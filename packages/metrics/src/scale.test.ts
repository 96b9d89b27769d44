import { describe, expect, it } from "vitest";
import { made } from "./testing/events.ts";
import { opened } from "./testing/opened.ts";

const { call, completed, dispatched, ended, leased, runFinished, runStarted, status, workerStarted } = made;

describe("the scale signal of a worker", () => {
  it("nothing to do: nobody is needed", () => {
    const { metrics, tell } = opened();
    expect(metrics.scale()).toEqual({ backlog: 0, oldestAgeSeconds: null, drainSeconds: 0, desiredWorkers: 0 });
    tell(call(), workerStarted(0, 10), status());
    expect(metrics.scale()).toEqual({ backlog: 0, oldestAgeSeconds: 0, drainSeconds: 0, desiredWorkers: 0 });
  });

  it("a backlog of which nobody knows how long it takes: one", () => {
    const { metrics, tell } = opened();
    tell(call(), workerStarted(0, 10), status({ ready: 500, oldestAgeMs: 3_000 }));
    expect(metrics.scale()).toEqual({ backlog: 500, oldestAgeSeconds: 3, drainSeconds: null, desiredWorkers: 1 });
  });

  it("follows a burst: slots for what is at work, and for the backlog within the time", () => {
    const { clock, metrics, tell } = opened({ scale: { drainSeconds: 30 } });
    // Ten slots, a second a task, and all of them at work.
    tell(call(), workerStarted(10, 10), completed({ durationMs: 1_000 }), status({ ready: 0, leased: 10 }));
    expect(metrics.scale()).toMatchObject({ backlog: 0, drainSeconds: 0, desiredWorkers: 1 });
    clock.nowMs += 1_000;
    tell(completed({ durationMs: 1_000 }), status({ ready: 600, leased: 10 }));
    // 600 s of work in 30 s are 20 slots, beside the ten that are at work.
    expect(metrics.scale()).toMatchObject({ backlog: 600, drainSeconds: 60, desiredWorkers: 3 });
    clock.nowMs += 1_000;
    tell(status({ ready: 60, leased: 30 }));
    expect(metrics.scale()).toMatchObject({ backlog: 60, desiredWorkers: 1 });
    tell(status({ ready: 0, leased: 4 }));
    expect(metrics.scale()).toMatchObject({ backlog: 0, drainSeconds: 0, desiredWorkers: 1 });
  });

  it("of a backlog that is worked off asks for no more than that takes: who is busy with it is not asked for twice", () => {
    const { clock, metrics, tell } = opened({ scale: { drainSeconds: 30 } });
    tell(call(), workerStarted(10, 10), completed({ durationMs: 1_000 }), status({ ready: 0, leased: 10 }));
    metrics.scale();
    clock.nowMs += 5_000;
    // Four such workers: 40 at work.
    tell(status({ ready: 1_200, leased: 40 }));
    expect(metrics.scale().desiredWorkers).toBe(8);
    const wanted: number[] = [];
    for (let ready = 1_000; ready >= 0; ready -= 200) {
      clock.nowMs += 5_000;
      tell(status({ ready, leased: 40 }));
      wanted.push(metrics.scale().desiredWorkers);
    }
    expect(wanted).toEqual([6, 4, 3, 3, 2, 1]);
  });

  it("what lies in a worker's hands only in advance is not at work", () => {
    const { metrics, tell } = opened();
    tell(call(), workerStarted(100, 10), completed({ durationMs: 10 }), status({ ready: 0, leased: 300 }));
    expect(metrics.scale().desiredWorkers).toBe(3);
  });

  it("packs count with their tasks", () => {
    const { metrics, tell } = opened();
    tell(call(), workerStarted(10, 10), leased({ frames: 1, tasks: 50, packs: [50] }), status({ ready: 10 }));
    expect(metrics.scale().backlog).toBe(500);
  });
});

describe("how long a task takes", () => {
  const unread = { queue: "mails", task: "send", taskId: "r/0", attempt: 1, workerId: "w1", durationMs: 0 } as const;

  it("what ended unread took no time, and says nothing of what runs", async () => {
    const { metrics, tell, sum } = opened();
    tell(call(), workerStarted(2, 2), completed({ durationMs: 1_000 }));
    for (let n = 0; n < 2_000; n += 1) tell({ event: "task_expired", ...unread });
    tell({ event: "task_cancelled", ...unread }, made.dead({ code: "INPUT_INVALID", durationMs: 0 }));
    tell(status({ ready: 640, leased: 2 }));
    expect(metrics.scale()).toMatchObject({ backlog: 640, drainSeconds: 320, desiredWorkers: 12 });
    expect(await sum("dispatch_task_process_seconds_count")).toBe(1);
    expect(await sum("dispatch_tasks_settled_total")).toBe(2_003);
  });

  it("nor what a coordinator is told of a task that was tried, and then expired unread", () => {
    const { metrics, tell } = opened();
    tell(call(), runStarted(100), ended({ durationMs: 2_000 }));
    for (let n = 0; n < 99; n += 1) tell(ended({ outcome: "expired", code: "EXPIRED", attempt: 2, durationMs: 0 }));
    tell(
      { event: "beat_received", queue: "mails", workerId: "w1", slots: 10, busy: 1, held: 1 },
      status({ ready: 10 }),
    );
    tell(runStarted(10, 1));
    expect(metrics.scale().drainSeconds).toBe(2);
  });

  it("is never taken from two sources: results that tell of it, then a worker of its own", () => {
    const { clock, metrics, tell } = opened();
    tell(call(), runStarted(40, 1));
    metrics.scale();
    for (let n = 0; n < 10; n += 1) tell(ended({ durationMs: 1_500 }));
    tell(status({ ready: 1 }));
    metrics.scale();
    clock.nowMs += 70_000;
    metrics.scale();
    tell(workerStarted(1, 1), status({ ready: 40 }));
    for (let n = 0; n < 15; n += 1) tell(completed({ durationMs: 10 }), ended({ durationMs: 10 }));
    clock.nowMs += 1_000;
    expect(metrics.scale().drainSeconds).toBeCloseTo(0.4);
  });
});

describe("the scale signal of a coordinator", () => {
  it("by Little's law: what arrives in the time that a task takes", () => {
    const { clock, metrics, tell } = opened({ scale: { slotsPerWorker: 5 } });
    tell(call(), runStarted(100));
    metrics.scale();
    for (let n = 0; n < 100; n += 1) tell(dispatched());
    tell(ended({ durationMs: 500 }), status({ ready: 0, leased: 99 }));
    clock.nowMs += 2_000;
    // 50 a second, half a second each: 25 slots.
    expect(metrics.scale()).toMatchObject({ desiredWorkers: 5 });
    tell({ event: "beat_received", queue: "mails", workerId: "w1", slots: 25, busy: 1, held: 1 });
    expect(metrics.scale()).toMatchObject({ desiredWorkers: 1 });
  });

  it("that works, too, counts what is in hand of others, during its run and afterwards", () => {
    const { tell, metrics } = opened({ scale: { drainSeconds: 30 } });
    tell(call(), workerStarted(10, 10), completed({ durationMs: 1_000 }), runStarted(1, 1), status({ leased: 40 }));
    expect(metrics.scale().desiredWorkers).toBe(4);
    tell(runFinished());
    expect(metrics.scale().desiredWorkers).toBe(4);
  });

  it("forgets a burst after a minute", () => {
    const { clock, metrics, tell } = opened({ scale: { slotsPerWorker: 1 } });
    tell(call(), runStarted(1));
    metrics.scale();
    for (let n = 0; n < 600; n += 1) tell(dispatched());
    tell(ended({ durationMs: 1_000 }), status());
    clock.nowMs += 10_000;
    expect(metrics.scale().desiredWorkers).toBe(60);
    for (let second = 0; second < 70; second += 10) {
      clock.nowMs += 10_000;
      metrics.scale();
    }
    expect(metrics.scale().desiredWorkers).toBe(1);
  });

  it("of a queue by its name, where there are several", () => {
    const { metrics, tell } = opened();
    tell(call(), status({ ready: 1 }), status({ queue: "others", ready: 7 }));
    expect([metrics.scale().backlog, metrics.scale("others").backlog, metrics.scale("none").backlog]).toEqual([
      1, 7, 0,
    ]);
  });
});
