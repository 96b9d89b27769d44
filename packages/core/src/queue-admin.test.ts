import { describe, expect, it } from "vitest";
import { VirtualClock } from "./clock.ts";
import type { Backend, DispatchEvent } from "./contract/index.ts";
import { Dispatcher } from "./dispatcher.ts";
import { memory } from "./memory/index.ts";
import { MemoryError } from "./memory/memory-error.ts";
import { QueueAdmin } from "./queue-admin.ts";
import { workQueue } from "./queues.ts";
import { defineTask } from "./work/task.ts";
import { Worker } from "./worker.ts";

const never = new AbortController().signal;

/** A backend whose verbs are partly other ones. */
function withVerbs(inner: Backend, verbs: Partial<Backend>): Backend {
  return new Proxy(inner, {
    get: (target, key) => {
      const value: unknown = Reflect.get(verbs, key) ?? Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A queue of a few tasks: what a dispatcher sent, and whoever looks after it. */
async function opened(queue = "mails") {
  const clock = new VirtualClock();
  const backend = memory();
  const dispatcher = await Dispatcher.open(backend, { queue, clock });
  const admin = await QueueAdmin.open(backend, { queue, clock });
  return { clock, backend, dispatcher, admin };
}

describe("status", () => {
  it("of an empty queue", async () => {
    const { admin } = await opened();
    const lanes = [{ lane: "normal", ready: 0, leased: 0, delayed: 0, exact: true }];
    expect(await admin.status()).toEqual({ queue: "mails", lanes, dead: 0, untold: [] });
  });

  it("says what is ready, leased and delayed, of this queue alone", async () => {
    const { admin, backend, clock, dispatcher } = await opened();
    const sending = [dispatcher.send("t", 1), dispatcher.send("t", 2), dispatcher.send("t", 3, { delayMs: 1_000 })];
    const other = await Dispatcher.open(backend, { queue: "other", clock });
    await clock.settle();
    await Promise.all([...sending, other.send("t", 4)]);
    await backend.receive(workQueue("mails"), { max: 1, waitMs: 0, leaseMs: 1_000 }, never);
    expect((await admin.status()).lanes).toEqual([{ lane: "normal", ready: 1, leased: 1, delayed: 1, exact: true }]);
    await clock.advance(1_000);
    expect((await admin.status()).lanes).toEqual([{ lane: "normal", ready: 3, leased: 0, delayed: 0, exact: true }]);
  });
});

describe("how old the oldest is", () => {
  it("of the first frame that is ready, as observers are told, too; of nothing where nothing is", async () => {
    const { backend, clock, dispatcher } = await opened();
    const events: DispatchEvent[] = [];
    const admin = await QueueAdmin.open(backend, {
      queue: "mails",
      clock,
      observer: (event) => void events.push(event),
    });
    expect((await admin.status()).oldestAgeMs).toBeUndefined();
    const delayed = dispatcher.send("t", 3, { delayMs: 60_000, priority: 9 });
    await clock.settle();
    await delayed;
    expect((await admin.status()).oldestAgeMs).toBeUndefined();
    for (const payload of [1, 2]) {
      const sent = dispatcher.send("t", payload);
      await clock.settle();
      await sent;
      await clock.advance(700);
    }
    expect((await admin.status()).oldestAgeMs).toBe(1_400);
    const said = events.filter(({ event }) => event === "queue_status").at(-1);
    expect(said).toMatchObject({
      queue: "mails",
      ready: 2,
      delayed: 1,
      leased: 0,
      dead: 0,
      exact: true,
      oldestAgeMs: 1_400,
    });
  });

  it("counts from when a task could have been taken: after its delay, its back-off, or its way back from the dead letters", async () => {
    const { admin, backend, clock, dispatcher } = await opened();
    const sending = dispatcher.send("t", 1, { delayMs: 60_000 });
    await clock.settle();
    const { id } = await sending;
    await clock.advance(60_050);
    expect((await admin.status()).oldestAgeMs).toBe(50);

    const failing = defineTask({ name: "t", handler: () => Promise.reject(new Error("not today")) });
    const backoff = { baseMs: 40_000, maxMs: 40_000 };
    const retried = await Worker.start(backend, failing, { queue: "mails", clock, backoff, random: () => 0.5 });
    await clock.advance(1_000);
    await Promise.all([retried.stop(), clock.advance(1_000)]);
    expect(await admin.status()).toMatchObject({ lanes: [{ ready: 0, delayed: 1 }], oldestAgeMs: undefined });
    await clock.advance(40_000);
    const { oldestAgeMs } = await admin.status();
    expect(oldestAgeMs).toBeGreaterThan(20_000);
    expect(oldestAgeMs).toBeLessThan(23_000);

    const last = await Worker.start(backend, failing, { queue: "mails", clock, maxAttempts: 1 });
    await clock.advance(1_000);
    await Promise.all([last.stop(), clock.advance(600_000)]);
    expect(await admin.dead.redrive({ ids: [id] })).toBe(1);
    await clock.advance(70);
    expect((await admin.status()).oldestAgeMs).toBe(70);
  });

  it("a broker where looking means taking is asked once, and the rest of the status stands", async () => {
    const inner = memory();
    const asked: string[] = [];
    const browse = () => {
      asked.push("browse");
      throw new MemoryError("MISMATCH", "a look is a receive");
    };
    const backend = withVerbs(inner, { browse: async () => browse() });
    const clock = new VirtualClock();
    const dispatcher = await Dispatcher.open(backend, { clock });
    const sent = dispatcher.send("t", 1);
    await clock.settle();
    await sent;
    const admin = await QueueAdmin.open(backend, { clock });
    for (let times = 0; times < 3; times += 1) expect(await admin.status()).toMatchObject({ lanes: [{ ready: 1 }] });
    expect(asked).toEqual(["browse"]);
  });

  it("asks the broker no longer than it is told", async () => {
    const backend = withVerbs(memory(), {
      depth: (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const clock = new VirtualClock();
    const admin = await QueueAdmin.open(backend, { clock });
    const asked = admin.status({ timeoutMs: 2_000 });
    const failed = expect(asked).rejects.toMatchObject({ code: "TIMED_OUT" });
    await clock.advance(2_000);
    await failed;
  });
});

describe("purge", () => {
  it("removes what is ready or delayed, not what is leased, and not the dead", async () => {
    const { admin, backend, clock, dispatcher } = await opened();
    const sending = [dispatcher.send("t", 1), dispatcher.send("t", 2), dispatcher.send("t", 3, { delayMs: 1_000 })];
    await clock.settle();
    await Promise.all(sending);
    await backend.receive(workQueue("mails"), { max: 1, waitMs: 0, leaseMs: 1_000 }, never);
    expect(await admin.purge()).toBe(2);
    expect((await admin.status()).lanes).toEqual([{ lane: "normal", ready: 0, leased: 1, delayed: 0, exact: true }]);
    expect(await admin.purge()).toBe(0);
  });

  it.each([
    ["while nobody sends", false, 25],
    ["without following who sends meanwhile", true, 30],
  ])("asks a backend that removes a part at a time until all that was ready is gone, %s", async (_, sends, removed) => {
    const { backend: inner, clock, dispatcher } = await opened();
    const send = async (count: number) => {
      const sending = Array.from({ length: count }, (__, n) => dispatcher.send("t", n));
      await clock.settle();
      await Promise.all(sending);
    };
    await send(25);
    const purge = async () => {
      const taken = await inner.receive(workQueue("mails"), { max: 10, waitMs: 0, leaseMs: 1_000 }, never);
      await inner.settle(taken.map(({ receipt }) => ({ kind: "ack", receipt }) as const), never); // biome-ignore format: one call
      if (sends) await send(10);
      return taken.length;
    };
    const admin = await QueueAdmin.open(withVerbs(inner, { purge }), { queue: "mails", clock });
    expect(await admin.purge()).toBe(removed);
  });
});

describe("a task that dies", () => {
  it("is seen with its reason, redriven, and completes: its names are not swallowed", async () => {
    const { admin, backend, clock, dispatcher } = await opened();
    let healthy = false;
    const attempts: number[] = [];
    const handler = (_: unknown, { attempt }: { attempt: number }) => {
      attempts.push(attempt);
      if (!healthy) throw new RangeError("not today");
    };
    const worker = await Worker.start(backend, defineTask({ name: "t", handler }), {
      queue: "mails",
      clock,
      maxAttempts: 2,
    });
    const sending = dispatcher.send("t", { n: 1 }, { id: "order 1", headers: { tenant: "x" } });
    await clock.settle();
    const { id } = await sending;
    const statusOf = async () => (await admin.status()).dead;
    await clock.advance(10_000);
    expect(await statusOf()).toBe(1);
    const letter = await admin.dead.show("order 1");
    expect(letter).toMatchObject({
      id,
      name: `${id}#0.1~0`,
      task: "t",
      reason: "ATTEMPTS_EXHAUSTED",
      attempts: 2,
      lost: 0,
    });
    expect(letter?.error).toMatchObject({ name: "RangeError", message: "not today", code: "ATTEMPTS_EXHAUSTED" });
    expect([letter?.payload, { ...letter?.headers }]).toEqual([{ n: 1 }, { tenant: "x" }]);
    expect(letter?.diedAt).toBeGreaterThanOrEqual(letter?.firstSentAt ?? Number.NaN);

    for (healthy of [false, true]) {
      expect(await admin.dead.redrive({ ids: [id] })).toBe(1);
      await clock.advance(10_000);
    }
    expect(attempts).toEqual([1, 2, 1, 2, 1]);
    expect(await admin.status()).toMatchObject({ lanes: [{ ready: 0, leased: 0, delayed: 0 }], dead: 0 });
    expect(worker.status.finished).toBe(3);
    await Promise.all([worker.stop(), clock.advance(100_000)]);
  });
});

describe("open", () => {
  it("refuses what it does not know", async () => {
    const asked = QueueAdmin.open(memory(), { queues: "mails" } as object);
    const message = "queue admin: unknown option queues; did you mean queue?";
    await expect(asked).rejects.toMatchObject({ code: "CONFIG_INVALID", message });
    await expect(QueueAdmin.open(memory(), { queue: "no spaces" })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("of a closed backend throws what call has made of it", async () => {
    const backend = memory();
    await backend.close();
    const message = "memory open: the memory backend is closed";
    await expect(QueueAdmin.open(backend)).rejects.toMatchObject({ code: "CLOSED", message });
  });

  it("reports its calls, and cannot be broken by who watches", async () => {
    const events: DispatchEvent[] = [];
    const observer = (event: DispatchEvent) => {
      events.push(event);
      throw new Error("a fault of its own");
    };
    const admin = await QueueAdmin.open(memory(), { clock: new VirtualClock(), observer });
    await admin.status();
    const about = { event: "queue_status", queue: "default", ready: 0, leased: 0, delayed: 0, dead: 0, exact: true };
    expect(events).toMatchObject([{ verb: "open" }, { verb: "depth" }, { verb: "depth" }, about]);
  });

  it("leaves the backend to its owner", async () => {
    const backend = memory();
    const clock = new VirtualClock();
    const admin = await QueueAdmin.open(backend, { clock });
    await Promise.all([admin.close(), admin.close(), admin[Symbol.asyncDispose]()]);
    expect(await (await QueueAdmin.open(backend, { clock })).status()).toMatchObject({ dead: 0 });
  });
});

describe("a backend without optional verbs", () => {
  it.each(["status", "purge"] as const)("%s rejects with UNSUPPORTED", async (verb) => {
    const inner = memory();
    const backend: Backend = {
      ...{ contract: 1, name: "bare", profile: { ...inner.profile, verbs: [] } },
      open: inner.open.bind(inner),
      send: inner.send.bind(inner),
      receive: inner.receive.bind(inner),
      renew: inner.renew.bind(inner),
      settle: inner.settle.bind(inner),
      classify: inner.classify.bind(inner),
      close: inner.close.bind(inner),
    };
    const admin = await QueueAdmin.open(backend, { clock: new VirtualClock() });
    const missing = verb === "status" ? "depth" : "purge";
    const asked: Promise<unknown> = admin[verb]();
    await expect(asked).rejects.toMatchObject({ code: "UNSUPPORTED", message: `bare has no ${missing}` });
  });
});
