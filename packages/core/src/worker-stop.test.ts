import { describe, expect, it } from "vitest";
import type { Profile } from "./contract/index.ts";
import { outFrame } from "./testing/frames.ts";
import { hang, manual } from "./testing/manual-handler.ts";
import { DEAD, MemoryWorld } from "./testing/memory-world.ts";
import { aborted, BrokerError, deliveriesOf, scripted } from "./testing/scripted-backend.ts";
import { type Context, defineTask } from "./work/task.ts";
import { Worker } from "./worker.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("stop", () => {
  async function begun(count: number, options: object = {}) {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const work = manual();
    const worker = await world.worker(work.handler, { concurrency: 2, drainMs: 10_000, abandonMs: 1_000, ...options });
    const run = dispatcher.run<number, unknown>("default", numbers(count), { packs: false });
    await world.clock.settle();
    return { world, dispatcher, worker, run, ...work };
  }

  it("lets what runs finish, takes nothing new, and counts no attempt", async () => {
    const { world, worker, open, run } = await begun(5);
    const stopped = worker.stop();
    expect(worker.stop()).toBe(stopped);
    await world.clock.advance(5_000);
    expect([worker.status.running, await world.depth()]).toEqual([2, "3/2/0"]);
    for (const finish of open.values()) finish("in time");
    await world.until(stopped);
    expect(world.clock.now()).toBe(5_000);
    expect(worker.status).toEqual({ held: 0, tasks: 0, running: 0, finished: 2, released: 0 });
    expect(run.progress).toMatchObject({ completed: 2, outstanding: 3 });
    expect(await world.depth()).toBe("3/0/0");
    expect(world.of("worker_stopped")).toMatchObject([{ finished: 2, released: 0 }]);
  });

  it.each<[string, Partial<Profile>, string[]]>([
    ["by itself", { verbs: [] }, ["release 1", "release 2"]],
    [
      "as a copy, where a release would count",
      { verbs: [], redelivery: "grants" },
      ["send work/normal", "ack 1", "ack 2"],
    ],
    ["as a copy, in one step", { verbs: ["move"], redelivery: "grants" }, ["move 1", "move 2"]],
  ])("gives back what has not begun, without penalty: %s", async (_, profile, expected) => {
    const { clock, backend } = scripted(profile);
    backend.onReceive = (_queue, _want, signal) =>
      backend.log.filter((line) => line.startsWith("receive")).length === 1
        ? deliveriesOf([0, 1, 2].map((index) => outFrame({ index, attempt: 0, coordinator: undefined })))
        : aborted(signal);
    const { handler, open } = manual();
    const worker = await Worker.start(backend, defineTask({ handler }), { clock, concurrency: 1, drainMs: 1_000 });
    await clock.settle();
    expect(worker.status).toMatchObject({ held: 3, running: 1 });
    const from = backend.log.length;
    const stopped = worker.stop();
    await clock.settle();
    // First of all the broker is told that nothing more is wanted.
    expect(backend.log.slice(from)).toEqual(["receive work/normal", ...expected]);
    const copies = backend.sent.map(({ frame }) => frame.name.slice(frame.name.indexOf("/") + 1));
    expect(copies).toEqual(profile.redelivery === undefined ? [] : ["1#0.0~1", "2#0.0~1"]);
    for (const finish of open.values()) finish();
    await clock.settle();
    await stopped;
    expect(worker.status).toEqual({ held: 0, tasks: 0, running: 0, finished: 1, released: 2 });
  });

  it("after drainMs what has begun goes on as a copy, with a larger fence and no attempt counted", async () => {
    const { world, worker, contexts, run } = await begun(1);
    const stopped = worker.stop();
    await world.clock.advance(9_999);
    expect(contexts[0]?.signal.aborted).toBe(false);
    await world.clock.advance(1);
    expect(contexts[0]?.signal.reason).toMatchObject({ code: "SHUTTING_DOWN" });
    await world.until(stopped);
    expect(world.clock.now()).toBe(11_000);
    expect(worker.status).toMatchObject({ held: 0, finished: 0, released: 1 });
    const other = manual();
    await world.worker(other.handler, { id: "w2" });
    await world.clock.settle();
    expect([other.contexts[0]?.attempt, other.contexts[0]?.lost]).toEqual([1, 0]);
    expect(other.contexts[0]?.fence).toBeGreaterThan(contexts[0]?.fence as number);
    other.open.get(0)?.("x");
    expect(await world.outcomes(run)).toEqual(['completed "x"']);
    expect(run.summary).toMatchObject({ retried: 0, lost: 0 });
  });

  it("abort hurries a stop that is under way, and begins one that is not", async () => {
    for (const first of [true, false]) {
      const { world, worker, contexts } = await begun(1, { abandonMs: 0 });
      if (first) void worker.stop();
      await world.clock.advance(100);
      worker.abort();
      worker.abort();
      await world.until(worker.stop());
      expect(contexts[0]?.signal.reason).toMatchObject({ code: "SHUTTING_DOWN" });
      expect(world.clock.now()).toBe(100);
      expect(await world.depth()).toBe("1/0/0");
    }
  });

  it("abort: a handler that hears frees the stop at once; one that does not has abandonMs", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const worker = await world.worker(
      (payload: string, { signal }: Context) =>
        payload === "deaf"
          ? hang()
          : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      { abandonMs: 1_000 },
    );
    dispatcher.run("default", ["hears"]);
    await world.clock.settle();
    worker.abort();
    await world.until(worker.stop());
    expect(world.clock.now()).toBe(0);
    const other = await world.worker(hang, { id: "w2", abandonMs: 1_000 });
    await world.clock.settle();
    other.abort();
    await world.until(other.stop());
    expect(world.clock.now()).toBe(1_000);
  });

  it("does not touch the other workers, nor close the backend", async () => {
    const { world, worker, open, dispatcher } = await begun(2);
    const second = await world.worker((payload: number) => payload, { id: "w2" });
    const stopped = worker.stop();
    for (const finish of open.values()) finish();
    await world.until(stopped);
    const run = dispatcher.run<number, number>("default", [7]);
    expect(await world.outcomes(run)).toEqual(["completed 7"]);
    expect(second.status.finished).toBe(1);
  });

  it("while the broker is away it ends within its bounds", async () => {
    const { world, worker } = await begun(1, { leaseMs: 600_000 });
    for (const verb of ["move", "settle", "send", "renew", "receive"] as const) {
      world.backend[verb] = async () => {
        throw new BrokerError("UNAVAILABLE");
      };
    }
    await world.until(worker.stop());
    expect(world.clock.now()).toBeLessThanOrEqual(10_000 + 1_000 + 1_000);
  });

  it("tells the coordinators that it has nothing in hand any more", async () => {
    const { world, worker, run, open } = await begun(1, { leaseMs: 3_000 });
    await world.clock.advance(1_500);
    expect(run.progress.activeWorkers).toBe(1);
    const stopped = worker.stop();
    open.get(0)?.();
    await world.until(stopped);
    await world.clock.settle();
    expect(run.progress.activeWorkers).toBe(0);
    await world.clock.advance(100_000);
    expect(world.of("heartbeat_timeout")).toEqual([]);
  });

  it("leaves nothing that would go on by itself", async () => {
    const { world, worker, open, dispatcher } = await begun(2);
    const stopped = worker.stop();
    for (const finish of open.values()) finish();
    await world.until(Promise.all([stopped, dispatcher.close()]));
    const before = world.events.length;
    await world.clock.advance(10 * 86_400_000);
    expect(world.events.length).toBe(before);
  });

  it("is what await using does", async () => {
    const world = new MemoryWorld();
    {
      await using worker = await world.worker(() => 1);
      expect(worker.status.held).toBe(0);
    }
    expect(world.of("worker_stopped")).toHaveLength(1);
    expect(await world.depth(DEAD)).toBe("0/0/0");
  });
});
