import { describe, expect, it } from "vitest";
import { VirtualClock } from "./clock.ts";
import { bytesOf } from "./codec/frame.ts";
import { type Delivery, type DispatchEvent, type Queue, UNLIMITED, type Want } from "./contract/index.ts";
import { MemoryBackend } from "./memory/backend.ts";
import { frameOf, outFrame, probeOf } from "./testing/frames.ts";
import { manual } from "./testing/manual-handler.ts";
import { MemoryWorld, WORK } from "./testing/memory-world.ts";
import { deliveriesOf, ScriptedBackend, scripted } from "./testing/scripted-backend.ts";
import { defineTask } from "./work/task.ts";
import { Worker } from "./worker.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("what it takes", () => {
  /** A backend whose receives take a while, so that prefetch has a reason. */
  class Far extends MemoryBackend {
    readonly asked: number[] = [];
    constructor(
      readonly clock: VirtualClock,
      readonly roundTripMs: number,
    ) {
      super();
    }
    override async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
      if (queue.role === "work") {
        this.asked.push(want.max);
        await new Promise<void>((resolve) => this.clock.after(this.roundTripMs, resolve));
      }
      return super.receive(queue, want, signal);
    }
  }

  it.each([
    ["near", 0, 3],
    ["a round trip of two tasks away", 20, 3 + 6],
  ])("never holds more than its slots and its prefetch: %s", async (_, roundTripMs, mostHeld) => {
    const clock = new VirtualClock();
    const backend = new Far(clock, roundTripMs);
    let running = 0;
    let mostRunning = 0;
    let most = 0;
    const watch = (event: DispatchEvent) => {
      if (event.event === "task_started" || event.event === "queue_completed")
        most = Math.max(most, worker?.status.held ?? 0);
    };
    let worker: Worker | undefined;
    const task = defineTask({
      handler: () => {
        running += 1;
        mostRunning = Math.max(mostRunning, running);
        return new Promise<void>((resolve) =>
          clock.after(10, () => {
            running -= 1;
            resolve();
          }),
        );
      },
    });
    worker = await Worker.start(backend, task, { clock, random: () => 0.5, concurrency: 3, observer: watch });
    const frames = numbers(300).map((index) => outFrame({ index, coordinator: undefined }));
    await backend.send(WORK, frames, new AbortController().signal);
    await clock.advance(20_000);
    expect(worker.status.finished).toBe(300);
    expect(mostRunning).toBe(3);
    expect(most).toBeGreaterThanOrEqual(roundTripMs === 0 ? 3 : 4);
    expect(most).toBeLessThanOrEqual(mostHeld);
    expect(Math.max(...backend.asked)).toBeLessThanOrEqual(mostHeld);
  });

  it("asks for nothing beyond what runs, while tasks are long", async () => {
    const world = new MemoryWorld();
    const { handler } = manual();
    const worker = await world.worker(handler, { concurrency: 2 });
    await world.put(WORK, ...numbers(10).map((index) => outFrame({ index, payload: index })));
    await world.clock.advance(200_000);
    expect([worker.status.held, worker.status.running, await world.depth()]).toEqual([2, 2, "8/2/0"]);
  });

  it("what is no frame of ours goes to the dead letters with its reason, and the others go on", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const raw = [Buffer.from("hello"), Buffer.alloc(0), Buffer.alloc(100, 0xd7), bytesOf(frameOf()).subarray(0, 30)];
    const frame = (bytes: Buffer, at: number) => ({
      bytes,
      name: `${at}`,
      id: `${at}`,
      first: false,
      priority: 5,
      delayMs: 0,
      key: undefined,
    });
    await world.put(WORK, ...raw.map(frame));
    const run = dispatcher.run<number, number>("default", [1]);
    await world.worker((payload: number) => payload);
    expect(await world.outcomes(run)).toEqual(["completed 1"]);
    await world.clock.settle();
    expect(await world.dead()).toEqual(raw.map(() => "0 FRAME_INVALID 0/0"));
    expect(world.of("frame_rejected").map(({ code, bytes }) => [code, bytes])).toEqual(
      raw.map((bytes) => ["FRAME_INVALID", bytes.length]),
    );
    expect(await world.depth()).toBe("0/0/0");
  });

  it("a body that cannot be read is dead for the one who waits, too", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", [1, 2]);
    await world.clock.settle();
    const [first] = await world.take(WORK, 1, 10);
    const bytes = Buffer.from(first?.bytes as Uint8Array);
    bytes.write("{", bytes.length - 3);
    await world.backend.settle([{ kind: "ack", receipt: first?.receipt as never }], new AbortController().signal);
    await world.put(WORK, {
      ...outFrame({ index: 0 }),
      bytes,
      name: "x",
      id: "x",
      first: false,
      priority: 5,
      delayMs: 0,
      key: undefined,
    });
    await world.worker((payload: number) => payload);
    expect(await world.outcomes(run)).toEqual(["dead FRAME_INVALID", "completed 2"]);
    expect(await world.dead()).toEqual(["0 FRAME_INVALID 1/0"]);
  });

  it("tells no observer what a payload or a body holds, though a schema and a parser quote it", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const refuses = { issues: [{ message: "expected a number, got s3cret", path: ["s3cret"] }] };
    const input = { "~standard": { version: 1, vendor: "test", validate: () => refuses } } as const;
    await world.worker([defineTask({ input, handler: () => {} }) as never]);
    const [result] = await world.until(dispatcher.run("default", ["s3cret"]).results());
    expect(result?.error).toMatchObject({ code: "INPUT_INVALID", message: "s3cret: expected a number, got s3cret" });
    const bytes = bytesOf(frameOf({ payload: "s3cret" }));
    const quote = bytes.lastIndexOf(0x22);
    bytes.write("!", quote);
    await world.put(WORK, { ...outFrame(), bytes });
    await world.clock.settle();
    const told = world.of("frame_rejected");
    expect(told.map(({ code }) => code)).toEqual(["INPUT_INVALID", "FRAME_INVALID"]);
    expect(JSON.stringify(told)).not.toContain("s3cret");
  });

  it("answers a probe, and holds it no longer", async () => {
    const world = new MemoryWorld();
    const reply = { role: "reply", name: "c9", of: "default" } as const;
    await world.open(reply, WORK);
    const bytes = bytesOf(probeOf(7, "c9"));
    await world.put(WORK, {
      ...outFrame(),
      bytes,
      name: "p",
      id: "p",
      first: false,
      priority: 5,
      delayMs: 0,
      key: undefined,
    });
    const worker = await world.worker(() => 1);
    await world.clock.settle();
    expect([worker.status.held, await world.depth(), await world.depth(reply)]).toEqual([0, "0/0/0", "1/0/0"]);
  });

  it.each([
    ["half a lease", 1_500],
    ["nearly a whole lease", 2_850],
  ])("what a receive brings after %s is renewed first, and run under a whole lease", async (_, waitedMs) => {
    const { clock, backend } = scripted();
    const lost: DispatchEvent[] = [];
    let given = false;
    backend.onReceive = async (_queue, _want, signal) => {
      if (given) return new Promise((resolve) => signal.addEventListener("abort", () => resolve([])));
      given = true;
      await new Promise<void>((resolve) => clock.after(waitedMs, resolve));
      return deliveriesOf([outFrame({ coordinator: undefined })]);
    };
    backend.onRenew = async (receipts) => {
      await new Promise<void>((resolve) => clock.after(5, resolve));
      return receipts.map(() => "ok");
    };
    const observer = (event: DispatchEvent) => {
      if (event.event === "lease_lost") lost.push(event);
    };
    const startedAt: number[] = [];
    const handler = () => void startedAt.push(clock.now());
    const worker = await Worker.start(backend, defineTask({ handler }), {
      clock,
      observer,
      leaseMs: 3_000,
      random: () => 0.5,
    });
    await clock.advance(10_000);
    expect(backend.log.slice(0, 3)).toEqual(["receive work/normal", "renew 0", "receive work/normal"]);
    expect([startedAt, lost, worker.status.finished]).toEqual([[waitedMs + 5], [], 1]);
  });
});

describe("the last chance", () => {
  /** A frame that says by itself how often it was lost. */
  const atLastChance = (options: Parameters<typeof outFrame>[0], lost: number) => {
    const frame = outFrame(options);
    return { ...frame, bytes: bytesOf(frameOf({ ...options, lost })), priority: frame.priority, id: frame.id, name: frame.name, first: false, delayMs: 0, key: undefined }; // biome-ignore format: one line
  };

  /** A frame that so many holders were given and did nothing about. */
  async function lose(world: MemoryWorld, times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      await world.take(WORK, 1, 100);
      await world.clock.advance(100);
    }
  }

  it("more losses than allowed: dead LOST without a run", async () => {
    const world = new MemoryWorld();
    await world.open(WORK);
    await world.put(WORK, atLastChance({ index: 0, payload: 1 }, 2));
    await lose(world, 1);
    await world.worker((payload: number) => payload, { maxLost: 2 });
    await world.clock.settle();
    expect(await world.dead()).toEqual(["0 LOST 0/3"]);
    expect(world.of("task_started")).toEqual([]);
  });

  it("more losses than allowed, all at once: it has its last chance first, since nobody knows that anybody had it", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", [1, 2]);
    await world.clock.settle();
    await lose(world, 9);
    await world.worker((payload: number) => payload, { maxLost: 2 });
    expect(await world.outcomes(run)).toEqual(["completed 1", "completed 2"]);
    const reasons = world.of("queue_requeued").map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === "lost")).toHaveLength(1);
    expect(new Set(world.of("task_started").map(({ lost }) => lost))).toEqual(new Set([2, 0]));
  });

  it("is taken alone: met beside others it goes back without penalty, and runs when nothing else is held", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const first = dispatcher.run<string, unknown>("default", ["poison"]);
    await world.clock.settle();
    await lose(world, 2);
    const others = dispatcher.run<string, unknown>("default", ["a", "b", "c", "d", "e", "f"]);
    await world.clock.settle();
    const beside: [unknown, number][] = [];
    let running = 0;
    const worker = await world.worker(
      (payload: unknown) => {
        running += 1;
        beside.push([payload, worker.status.held]);
        return new Promise((resolve) =>
          world.clock.after(50, () => {
            running -= 1;
            resolve(payload);
          }),
        );
      },
      { maxLost: 2, concurrency: 3, backoff: { baseMs: 200 } },
    );
    expect(await world.outcomes(first)).toEqual(['completed "poison"']);
    expect(await world.until(others.finished())).toMatchObject({ completed: 6, retried: 0, lost: 0 });
    expect(beside.find(([payload]) => payload === "poison")?.[1]).toBe(1);
    const requeued = world.of("queue_requeued").filter(({ reason }) => reason === "last_chance");
    expect(requeued.length).toBeGreaterThanOrEqual(1);
    expect(requeued.every(({ delayMs }) => delayMs === 200)).toBe(true);
    expect(first.summary).toMatchObject({ lost: 2, retried: 0 });
    expect(running).toBe(0);
  });

  it("taken alone from the start: nothing is taken beside it until it has ended", async () => {
    const world = new MemoryWorld();
    await world.open(WORK);
    await world.put(WORK, atLastChance({ index: 0, payload: "poison" }, 1));
    const { open, handler } = manual();
    const worker = await world.worker(handler, { maxLost: 1 });
    await world.clock.settle();
    expect(open.has("poison")).toBe(true);
    await world.put(WORK, ...[1, 2, 3].map((index) => outFrame({ index, payload: index })));
    // The receive that stood already may still bring what it was asked for; it must not run beside.
    await world.clock.advance(60_000);
    const beside = worker.status.held;
    open.get("poison")?.();
    await world.clock.settle();
    expect(beside).toBe(1);
    expect(worker.status).toMatchObject({ held: 3, running: 3, finished: 1 });
  });

  it.each([
    ["a broker that pushes", "message", true],
    ["a log", "partition", false],
  ] as const)(
    "where %s holds, the credit of all lanes is taken back before it runs: %s %s",
    async (_, sharing, takes) => {
      const lease = { kind: "session", totalCapMs: UNLIMITED, detectionMs: 1_000 } as const;
      const backend = new ScriptedBackend({ lease, sharing, priorityLevels: 0, redelivery: "losses" });
      const log: string[] = [];
      const { bytes } = atLastChance({ index: 0, payload: "poison", coordinator: undefined }, 1);
      const delivery = { receipt: { queue: WORK }, bytes, redelivery: 0 };
      let isFirst = true;
      backend.receive = async (queue, { max }, signal) => {
        if (max === 0) log.push(`none of ${queue.name}`);
        else if (queue.name === WORK.name && isFirst) {
          isFirst = false;
          return [delivery];
        } else await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return [];
      };
      const clock = new VirtualClock();
      const task = defineTask({ handler: () => void log.push("runs") });
      const worker = await Worker.start(backend, task, { clock, maxLost: 1 });
      await clock.settle();
      expect(log).toEqual([...(takes ? ["none of high", "none of normal", "none of low"] : []), "runs"]);
      await worker.stop();
    },
  );

  it("maxLost 0: dead at the first loss", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", [1, 2]);
    await world.clock.settle();
    await lose(world, 1);
    await world.worker((payload: number) => payload, { maxLost: 0 });
    expect(await world.outcomes(run)).toEqual(["dead LOST", "completed 2"]);
  });
});

describe("a handler that goes on without its lease", () => {
  /** A worker of two slots, one of them with a handler that does not hear that its lease is lost; the frame is `gone`, or comes again. */
  async function deaf(gone: boolean) {
    const world = new MemoryWorld();
    const work = manual();
    const worker = await world.worker(work.handler, { concurrency: 2, leaseMs: 3_000, abandonMs: 100_000, maxLost: 1 });
    await world.put(WORK, outFrame({ index: 0, payload: "deaf", coordinator: undefined }));
    await world.clock.settle();
    const renew = world.backend.renew.bind(world.backend);
    world.backend.renew = async (receipts, _, signal) => {
      if (gone) await world.backend.settle(receipts.map((receipt) => ({ kind: "ack", receipt })), signal); // biome-ignore format: one call
      return receipts.map(() => "lost");
    };
    await world.clock.advance(1_000);
    world.backend.renew = renew;
    expect(worker.status).toMatchObject({ held: 0, running: 1 });
    return { world, worker, ...work };
  }

  it("keeps its slot: so many fewer are taken", async () => {
    const { world, worker, open } = await deaf(true);
    // What stood when the lease was lost asked for one; from then on the credit is one.
    await world.put(WORK, ...[1, 2, 3].map((index) => outFrame({ index, payload: index, coordinator: undefined })));
    await world.clock.advance(10_000);
    expect(worker.status).toMatchObject({ held: 1, running: 2 });
    open.get("deaf")?.();
    await world.clock.settle();
    expect(worker.status).toMatchObject({ held: 2, running: 2 });
  });

  it("counts as another: a last chance is not taken beside it", async () => {
    const { world, worker, contexts, open } = await deaf(false);
    await world.clock.advance(20_000);
    const [first, ...others] = world.of("queue_requeued").map(({ reason }) => reason);
    expect([first, ...new Set(others)]).toEqual(["lost", "last_chance"]);
    expect(contexts).toHaveLength(1);
    open.get("deaf")?.();
    await world.clock.advance(5_000);
    expect(contexts.map(({ lost }) => lost)).toEqual([0, 1]);
    open.get("deaf")?.();
    await world.clock.settle();
    expect(worker.status).toMatchObject({ held: 0, finished: 1 });
  });
});
