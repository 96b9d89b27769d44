import { describe, expect, it } from "vitest";
import { made } from "./testing/events.ts";
import { opened } from "./testing/opened.ts";

const { call, completed, dispatched, leased, runFinished, runStarted, status, workerStarted } = made;

describe("tasks that wait, and tasks in hand", () => {
  it("of a coordinator whose broker was not asked: what it has sent, and what beats say", async () => {
    const { tell, sum } = opened();
    tell(runStarted(10, 1), { event: "beat_received", queue: "mails", workerId: "w1", slots: 4, busy: 3, held: 3 });
    const now = async () => [
      await sum("dispatch_queue_pending_tasks"),
      await sum("dispatch_inflight_cases"),
      await sum("dispatch_tasks_outstanding"),
    ];
    expect(await now()).toEqual([7, 3, 10]);
    tell({ event: "beat_received", queue: "mails", workerId: "w1", slots: 4, busy: 3 });
    expect(await now()).toEqual([7, 3, 10]);
    tell({ event: "heartbeat_timeout", queue: "mails", workerId: "w1", silentMs: 1, held: 3 });
    expect(await now()).toEqual([10, 0, 10]);
  });

  it("are nobody's once no run is left: a dispatcher that is closed hears no beat that ends them", async () => {
    const { tell, metrics, sum } = opened();
    const beat = { event: "beat_received", queue: "mails", workerId: "w1", slots: 4, busy: 3, held: 3 } as const;
    tell(call(), runStarted(10, 1), beat);
    expect([await sum("dispatch_inflight_cases"), metrics.scale().desiredWorkers > 0]).toEqual([3, true]);
    tell(runFinished(), beat);
    expect([await sum("dispatch_inflight_cases"), metrics.scale().desiredWorkers]).toEqual([0, 0]);
  });

  it("of a worker: its own, and what the broker says, in tasks also where frames are packs", async () => {
    const { tell, sum } = opened();
    tell(
      workerStarted(6, 4),
      leased({ frames: 1, tasks: 20, packs: [20] }),
      status({ ready: 3, delayed: 1, leased: 9 }),
    );
    expect([await sum("dispatch_queue_pending_tasks"), await sum("dispatch_inflight_cases")]).toEqual([80, 6]);
    expect([
      await sum("dispatch_slots"),
      await sum("dispatch_slots_busy"),
      await sum("dispatch_active_workers"),
    ]).toEqual([4, 4, 1]);
    tell({ event: "worker_stopped", queue: "mails", workerId: "w1", finished: 1, released: 0 });
    expect([await sum("dispatch_slots"), await sum("dispatch_active_workers")]).toEqual([0, 0]);
  });

  it("are never more than a coordinator waits for, though packs that are sent on in parts are more frames", async () => {
    const { tell, sum } = opened();
    for (let n = 0; n < 100; n += 1) tell(dispatched({ packed: 10 }));
    tell(call(), runStarted(60, 2), status({ ready: 30, leased: 8 }));
    const now = async () => [await sum("dispatch_queue_pending_tasks"), await sum("dispatch_inflight_cases")];
    expect(await now()).toEqual([60, 60]);
    // What other coordinators wait for is there, too: one task a frame at least.
    tell(status({ ready: 90, leased: 70 }));
    expect(await now()).toEqual([90, 70]);
  });

  it("a sender without workers knows how large its packs are by what it has sent", async () => {
    const { tell, sum } = opened();
    for (let n = 0; n < 30; n += 1) tell(dispatched({ packed: 10 }));
    tell(call({ verb: "send", items: 3 }), status({ ready: 2 }));
    expect(await sum("dispatch_queue_pending_tasks")).toBe(20);
    // What it sends to another queue is not its size here.
    for (let n = 0; n < 30; n += 1) tell(dispatched({ queue: "others" }), call({ verb: "send", items: 1 }));
    expect(await sum("dispatch_queue_pending_tasks")).toBe(20);
    for (let n = 0; n < 3; n += 1) tell(dispatched({ awaited: false }));
    expect(await sum("dispatch_queue_pending_tasks")).toBe(11);
  });

  it("a process's own workers count, whether it has a run, had one, or never will", async () => {
    const { tell, sum } = opened();
    const active = () => sum("dispatch_active_workers");
    tell(workerStarted(1, 4), workerStarted(0, 4, { workerId: "w2" }), runStarted(1, 0));
    expect(await active()).toBe(2);
    tell(runStarted(9, 5, { run: "other" }));
    expect(await active()).toBe(5);
    tell(runFinished(), runFinished({ run: "other" }));
    expect(await active()).toBe(2);
  });

  it("runs that have ended are not outstanding any more", async () => {
    const { tell, sum } = opened();
    tell(runStarted(5, 1));
    tell(runFinished());
    expect([await sum("dispatch_tasks_outstanding"), await sum("dispatch_active_workers")]).toEqual([0, 0]);
  });
});

describe("the oldest task that waits", () => {
  const age = "dispatch_queue_oldest_task_age_seconds";

  it("as the broker shows it, and older since", async () => {
    const { clock, tell, sum } = opened();
    tell(status({ ready: 2, oldestAgeMs: 5_000 }));
    clock.nowMs += 1_500;
    expect(await sum(age)).toBe(6.5);
  });

  it("by the last grant, where the broker does not show it", async () => {
    const { clock, tell, lines, sum } = opened();
    tell(status({ ready: 2 }));
    expect((await lines()).filter(({ name }) => name === age)).toEqual([]);
    tell(leased({ ageMs: 400 }));
    clock.nowMs += 600;
    expect(await sum(age)).toBe(1);
  });

  it("there is none", async () => {
    const { tell, lines } = opened();
    tell(leased({ ageMs: 400 }), status({ ready: 0, leased: 3 }));
    expect((await lines()).filter(({ name }) => name === age)).toMatchObject([{ value: 0 }]);
  });
});

describe("an answer of the broker", () => {
  const ready = "dispatch_queue_ready_frames";

  it("counts for a minute: whoever asked only once is not quoted for ever", async () => {
    const { clock, tell, lines, sum, metrics } = opened();
    tell(call(), workerStarted(0, 4), status({ ready: 5, delayed: 1, oldestAgeMs: 9_000 }));
    clock.nowMs += 59_000;
    tell(call());
    expect([await sum(ready), await sum("dispatch_queue_pending_tasks"), metrics.scale().backlog]).toEqual([5, 6, 5]);
    clock.nowMs += 2_000;
    expect([await sum("dispatch_queue_pending_tasks"), metrics.scale()]).toEqual([
      0,
      { backlog: 0, oldestAgeSeconds: null, drainSeconds: 0, desiredWorkers: 0 },
    ]);
    const names = (await lines()).map(({ name }) => name);
    expect(names.filter((name) => [ready, "dispatch_queue_oldest_task_age_seconds"].includes(name))).toEqual([]);
  });

  it("stands while the broker is away: nobody knows anything better", async () => {
    const { clock, tell, sum } = opened();
    tell(call(), status({ ready: 5 }), call({ code: "UNAVAILABLE", message: "away", again: true }));
    clock.nowMs += 600_000;
    expect(await sum(ready)).toBe(5);
    tell(call());
    expect(await sum(ready)).toBe(0);
  });

  it("that does not count any more is no backlog that was worked off", () => {
    const { clock, tell, metrics } = opened();
    tell(call(), workerStarted(10, 10), workerStarted(10, 10, { workerId: "w2" }), completed({ durationMs: 1_000 }));
    tell(status({ ready: 3_000, leased: 20 }));
    metrics.scale();
    clock.nowMs += 61_000;
    expect(metrics.scale()).toMatchObject({ backlog: 0, desiredWorkers: 2 });
  });
});
