import { describe, expect, it } from "vitest";
import { encodeFrame } from "./codec/frame.ts";
import type { OpenOptions, OptionalVerb } from "./contract/index.ts";
import { Dispatcher } from "./dispatcher.ts";
import { replyQueue } from "./queues.ts";
import { decoded } from "./testing/frames.ts";
import { MemoryWorld, WORK } from "./testing/memory-world.ts";
import { BrokerError, ScriptedBackend, scripted } from "./testing/scripted-backend.ts";
import type { Context } from "./work/task.ts";

const double = (payload: number) => payload * 2;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("send", () => {
  it("resolves with the id when the broker has the task, and nobody hears of its result", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const sent = await world.until(dispatcher.send("default", { a: 1 }, { headers: { b: "2" } }));
    expect(sent).toMatchObject({ duplicate: false, id: expect.stringMatching(/^[\w-]{11}\/0$/) });
    expect((await world.until(dispatcher.send("default", 2))).id).toMatch(/\/1$/);
    const payloads: unknown[] = [];
    await world.worker((payload: unknown, { id }: Context) => void payloads.push([id, payload]));
    await world.clock.settle();
    expect(payloads[0]).toEqual([sent.id, { a: 1 }]);
    expect([await world.depth(), world.of("undeliverable")]).toEqual(["0/0/0", []]);
  });

  it("says that a repeat under the user's id is one task", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const both = [dispatcher.send("default", 1, { id: "x" }), dispatcher.send("default", 1, { id: "x" })];
    expect((await world.until(Promise.all(both))).map(({ duplicate }) => duplicate)).toEqual([false, true]);
    expect(await world.depth()).toBe("1/0/0");
    expect(world.of("queue_dispatched").map(({ duplicate }) => duplicate)).toEqual([false, true]);
  });

  it.each<[string, unknown, object, string]>([
    ["a payload without JSON", 1n, {}, "INPUT_INVALID"],
    ["a payload above every limit", "x".repeat(16 * 1024 * 1024), {}, "TOO_LARGE"],
    ["an unknown option", 1, { delay: 5 }, "CONFIG_INVALID"],
    ["a delay below nothing", 1, { delayMs: -1 }, "CONFIG_INVALID"],
  ])("throws for %s", async (_, payload, options, code) => {
    const dispatcher = await new MemoryWorld().dispatcher();
    await expect(dispatcher.send("default", payload, options)).rejects.toMatchObject({ name: "DispatchError", code });
  });

  it("throws QUEUE_FULL at the bound", async () => {
    const world = new MemoryWorld({ maxTasks: 1 });
    const dispatcher = await world.dispatcher();
    await dispatcher.send("default", 1);
    await expect(world.until(dispatcher.send("default", 2))).rejects.toMatchObject({ code: "QUEUE_FULL" });
  });

  it("throws TOO_LARGE for what would not fit into an empty backend: nobody waits for room", async () => {
    const world = new MemoryWorld({ maxBytes: 100 });
    const dispatcher = await world.dispatcher();
    await expect(world.until(dispatcher.send("default", "x".repeat(100)))).rejects.toMatchObject({ code: "TOO_LARGE" });
    const run = dispatcher.run<string, unknown>("default", ["x".repeat(100)]);
    expect(await world.until(run.results())).toMatchObject([{ outcome: "dead", error: { code: "TOO_LARGE" } }]);
  });

  it("throws what keeps the broker away, after 30 s", async () => {
    const world = new MemoryWorld();
    const backend = new ScriptedBackend();
    backend.onSend = () => {
      throw new BrokerError("UNAVAILABLE");
    };
    const dispatcher = await Dispatcher.open(backend, { clock: world.clock });
    await expect(world.until(dispatcher.send("default", 1))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(world.clock.now()).toBeGreaterThan(20_000);
    expect(world.clock.now()).toBeLessThanOrEqual(30_000);
  });
});

describe("open", () => {
  it.each<[string, object]>([
    ["an unknown option", { leaseMS: 5 }],
    ["a queue that has no name", { queue: "a b" }],
    ["a lease that is too short", { leaseMs: 99 }],
    ["a coordinator that has no name", { coordinator: "" }],
  ])("refuses %s", async (_, options) => {
    await expect(Dispatcher.open(new ScriptedBackend(), options)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("says that the broker was never reached, after 30 s", async () => {
    const world = new MemoryWorld();
    const backend = new ScriptedBackend();
    backend.open = async () => {
      throw new BrokerError("UNAVAILABLE");
    };
    await expect(world.until(Dispatcher.open(backend, { clock: world.clock }))).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(world.clock.now()).toBeLessThanOrEqual(30_000);
  });

  it("asks once where it is no use to ask again", async () => {
    const backend = new ScriptedBackend();
    let asked = 0;
    backend.open = async () => {
      asked += 1;
      throw new BrokerError("MISSING");
    };
    await expect(Dispatcher.open(backend, { create: false })).rejects.toMatchObject({ code: "MISSING" });
    expect(asked).toBe(1);
  });

  it.each<[string, readonly OptionalVerb[], boolean]>([
    ["makes the reply queue that it will remove, also where it may make no other", ["remove"], true],
    ["makes none without leave where it is not its own to remove", [], false],
  ])("%s", async (_, verbs, makes) => {
    const backend = new ScriptedBackend({ verbs });
    const opened: string[] = [];
    backend.open = async ({ receive, send, create }: OpenOptions) => {
      for (const { role } of [...receive, ...send]) opened.push(`${role} ${create}`);
    };
    await Dispatcher.open(backend, { create: false, coordinator: "c1" });
    expect(new Set(opened)).toEqual(new Set(["work false", `reply ${makes}`]));
  });

  it("makes with leave the queue of the dead as well: who looks after it finds all of it, though no worker has been there", async () => {
    const backend = new ScriptedBackend({ verbs: [] });
    const opened: string[] = [];
    backend.open = async ({ send }: OpenOptions) => void opened.push(...send.map(({ role }) => role));
    await Dispatcher.open(backend, { create: true });
    expect(new Set(opened)).toEqual(new Set(["work", "dead"]));
  });
});

describe("the reply queue", () => {
  /** A backend whose reply queue opens as `open` says. */
  const opening = (open: (options: OpenOptions, signal: AbortSignal) => Promise<void>) => {
    const { clock, backend } = scripted({ verbs: [] });
    backend.open = (options, signal) => (options.receive.length > 0 ? open(options, signal) : Promise.resolve());
    return { clock, backend };
  };

  it("is opened anew by the next run where that has failed", async () => {
    let isAway = true;
    const { clock, backend } = opening(async () => {
      if (isAway) throw new BrokerError("DENIED");
    });
    const dispatcher = await Dispatcher.open(backend, { clock });
    await expect(dispatcher.run("default", [1]).finished()).rejects.toMatchObject({ code: "DENIED" });
    isAway = false;
    const run = dispatcher.run("default", [1], { packs: false });
    await clock.settle();
    expect(backend.log).toContain("send work/normal");
    run.cancel();
    expect(await run.finished()).toMatchObject({ cancelled: 1 });
    await dispatcher.close();
  });

  it("that is still being opened holds no close up: its run is cancelled", async () => {
    const { clock, backend } = opening((_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new BrokerError("UNAVAILABLE"))))); // biome-ignore format: one line
    const dispatcher = await Dispatcher.open(backend, { clock });
    const ended = dispatcher.run("default", [1]).finished();
    await clock.settle();
    const startedAt = clock.now();
    await dispatcher.close();
    expect(clock.now()).toBe(startedAt);
    expect(await ended).toMatchObject({ completed: 0 });
    await clock.advance(60_000);
    expect(backend.log).toEqual([]);
  });
});

describe("close", () => {
  it("refuses everything afterwards, twice with the same promise", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const closing = dispatcher.close();
    expect(dispatcher.close()).toBe(closing);
    expect(() => dispatcher.run("default", [])).toThrow(expect.objectContaining({ code: "CLOSED" }));
    await expect(dispatcher.send("default", 1)).rejects.toMatchObject({ code: "CLOSED" });
    await world.until(closing);
  });

  it("ends the runs as cancelled, and removes the reply queue: what comes for it then is undeliverable", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", numbers(2));
    await world.clock.settle();
    await world.until(dispatcher.close());
    expect(await world.until(run.finished())).toMatchObject({ cancelled: 2 });
    const worker = await world.worker(double);
    await world.clock.settle();
    expect(worker.status).toMatchObject({ held: 0, finished: 2 });
    expect(world.of("undeliverable").map(({ outcome }) => outcome)).toEqual(["completed", "completed"]);
  });

  it.each([
    ["has just begun", false],
    ["is on its way", true],
  ])("sends what %s first, and waits for it", async (_, onItsWay) => {
    const { clock, backend } = scripted();
    let answer!: () => void;
    backend.onSend = (_, frames) =>
      new Promise((resolve) => {
        answer = () => resolve(frames.map(() => "ok"));
      });
    const dispatcher = await Dispatcher.open(backend, { clock });
    const sends = Promise.all(numbers(10).map((n) => dispatcher.send("default", n)));
    if (onItsWay) await clock.settle();
    let closed = false;
    void dispatcher.close().then(() => {
      closed = true;
    });
    await clock.settle();
    expect(closed).toBe(false);
    answer();
    await clock.settle();
    expect([closed, (await sends).length]).toEqual([true, 10]);
  });

  it("leaves the backend open: it is its owner's", async () => {
    const world = new MemoryWorld();
    const first = await world.dispatcher();
    await world.until(first.close());
    await using second = await world.dispatcher();
    await second.send("default", 1);
    expect(await world.depth()).toBe("1/0/0");
  });
});

describe("what goes onto the wire", () => {
  it("is a frame that carries the coordinator's id, and no queue's name", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run("mail", [{ to: "a" }], { deadlineMs: 500, headers: { tenant: "t" } });
    await world.clock.settle();
    const [delivery] = await world.take(WORK);
    const frame = decoded(delivery?.bytes as Uint8Array);
    expect(frame).toMatchObject({ type: "task", run: run.id, first: 0, count: 1, coordinator: "c1", priority: 5 });
    expect(frame.tasks[0]).toMatchObject({ task: "mail", deadlineAt: world.clock.wall() + 500 });
    expect(Buffer.from(delivery?.bytes as Uint8Array).includes("default")).toBe(false);
  });

  it("a reply that is forged, or no frame at all, changes nothing", async () => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    const run = dispatcher.run<number, number>("default", [1]);
    await world.clock.settle();
    const extension = { firstSentAt: 0, tasks: [] };
    const forged = (body: string) =>
      encodeFrame({ type: "result", priority: 0, run: run.id, first: 0, count: 0, extension, body });
    const bodies = [
      "null",
      '{"worker":"w","results":[{}],"probes":[]}',
      "{",
      `{"worker":"w","probes":[],"results":[{"run":"${run.id}","index":0,"outcome":"completed"}]}`,
    ];
    const raw = [...bodies.map(forged), Buffer.from("not a frame"), Buffer.alloc(0)];
    await world.put(
      replyQueue("default", "c1"),
      ...raw.map((bytes, at) => ({
        bytes,
        name: `${at}`,
        id: `${at}`,
        first: false,
        priority: 5,
        delayMs: 0,
        key: undefined,
      })),
    );
    await world.clock.settle();
    expect(world.of("frame_rejected")).toHaveLength(raw.length);
    expect(run.progress).toMatchObject({ outstanding: 1, completed: 0 });
    await world.worker(double);
    expect(await world.outcomes(run)).toEqual(["completed 2"]);
  });
});
