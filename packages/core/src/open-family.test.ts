import { describe, expect, it } from "vitest";
import { VirtualClock } from "./clock.ts";
import { type Backend, type DispatchEvent, type OpenOptions, type Queue, queueKey } from "./contract/index.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Dead, Retry } from "./errors.ts";
import { type Character, type MemorySession, memory, type WorldOptions } from "./memory/index.ts";
import type { CommonOptions, DispatcherOptions, WorkerOptions } from "./plan/options.ts";
import { QueueAdmin } from "./queue-admin.ts";
import { deadQueue, laterQueue, workQueue } from "./queues.ts";
import { Routes } from "./routes.ts";
import { input } from "./send/input.ts";
import { defineTask, type Handler } from "./work/task.ts";
import { Worker } from "./worker.ts";

const QUEUE = "default";
const never = new AbortController().signal;
const [HIGH, MIDDLE, LOW] = [workQueue(QUEUE, "high"), workQueue(QUEUE), workQueue(QUEUE, "low")];
const [LATER, DEAD] = [laterQueue(QUEUE), deadQueue(QUEUE)];
const OWN = [MIDDLE, DEAD];

/** A broker on which somebody has made some queues, and nobody may make others. */
class Owned {
  readonly clock = new VirtualClock();
  readonly events: DispatchEvent[] = [];
  /** Of all calls but `open`: the queues, by their keys. */
  readonly touched = new Set<string>();
  readonly session: MemorySession;

  private constructor(options: WorldOptions & { readonly character: Character }) {
    this.session = memory(options);
  }

  static async with(queues: readonly Queue[], options: Partial<WorldOptions> = {}): Promise<Owned> {
    const owned = new Owned({ ...options, character: options.character ?? "sqs" });
    const open = { receive: [], send: queues, create: true, leaseMs: 1_000, clock: owned.clock };
    await owned.until(owned.session.session().open(open, never));
    return owned;
  }

  get backend(): Backend {
    const { touched, session } = this;
    const watched = (verb: string) => verb === "send" || verb === "receive" || verb === "depth";
    return new Proxy<Backend>(session, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") return value;
        return (...given: readonly unknown[]) => {
          if (watched(String(key))) touched.add(queueKey(given[0] as Queue));
          return value.apply(target, given);
        };
      },
    });
  }

  get warnings(): string[] {
    return this.events.flatMap((event) => (event.event === "warning" ? [`${event.code} ${event.message}`] : []));
  }

  get #common(): CommonOptions {
    const observer = (event: DispatchEvent) => void this.events.push(event);
    return { clock: this.clock, random: () => 0.5, observer, create: false };
  }

  dispatcher(options: DispatcherOptions = {}): Promise<Dispatcher> {
    return this.until(Dispatcher.open(this.backend, { ...this.#common, ...options }));
  }

  worker(handler: Handler<never, unknown>, options: WorkerOptions = {}): Promise<Worker> {
    return this.until(Worker.start(this.backend, defineTask({ handler }), { ...this.#common, ...options }));
  }

  admin(): Promise<QueueAdmin> {
    return this.until(QueueAdmin.open(this.backend, this.#common));
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    if (!(await this.clock.advanceUntil(() => settled))) throw new Error("it never settles");
    return promise;
  }
}

/** Where delays are tiers, those are needed. */
function tiersOf(character: Character): readonly Queue[] {
  return new Routes(memory({ character }).profile).delayQueues(QUEUE).filter(({ role }) => role === "tier");
}

const refused = (message: string) =>
  expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining(message) });

describe.each(["sqs", "rabbitmq", "kafka"] as const)(
  "with its own queue and the dead letters alone, as %s",
  (character) => {
    it("everything works in one lane; each says once what is refused, and touches nothing else", async () => {
      const owned = await Owned.with([...OWN, ...tiersOf(character)], { character });
      const [dispatcher, admin] = [await owned.dispatcher(), await owned.admin()];
      const failing = async (n: number, { attempt }: { attempt: number }) => {
        if (n === 1 && attempt === 1) throw new Error("not yet");
        if (n === 2) throw new Dead("never");
        return n;
      };
      await owned.worker(failing as Handler<never, unknown>);
      expect(owned.warnings).toHaveLength(3);
      for (const warning of owned.warnings) expect(warning).toMatch(/^MISSING .*one lane: priorities other than 4 to 6 are refused.*"default\/high".*"default\/low"/); // biome-ignore format: one line
      const priorities = [4, 5, 6].map((priority, n) => input(n, { priority }));
      const results = await owned.until(
        dispatcher.run<number, number>("default", priorities, { delayMs: 500 }).results(),
      );
      expect(results.map(({ outcome }) => outcome).sort()).toEqual(["completed", "completed", "dead"]);
      expect((await owned.until(admin.status())).lanes.map(({ lane }) => lane)).toEqual(["normal"]);
      expect(admin.absent).toEqual({ lanes: true, later: character !== "kafka" });
      const siblings = [HIGH, LOW, LATER].map(queueKey);
      expect(siblings.filter((key) => owned.touched.has(key))).toEqual([]);
      expect(owned.touched).toContain(queueKey(MIDDLE));
    });

    it("a priority of another lane is refused: by a send, by a run, and for an input of its own", async () => {
      const owned = await Owned.with([...OWN, ...tiersOf(character)], { character });
      const dispatcher = await owned.dispatcher();
      await owned.worker(((n: number) => n) as Handler<never, unknown>);
      for (const priority of [0, 3, 7, 10]) {
        const message = `priority is ${priority}, one lane: priorities other than 4 to 6`;
        await expect(dispatcher.send("default", 1, { priority })).rejects.toEqual(refused(message));
        expect(() => dispatcher.run("default", [1], { priority })).toThrow(refused(message));
      }
      const results = await owned.until(dispatcher.run("default", [1, input(2, { priority: 9 })]).results());
      const [one, other] = results.toSorted((a, b) => a.index - b.index);
      expect([one?.outcome, other?.outcome, other?.error?.code]).toEqual(["completed", "dead", "INPUT_INVALID"]);
      expect(other?.error?.message).toContain("priority is 9, one lane: priorities other than 4 to 6");
    });
  },
);

describe("lanes are there all or not at all, and everybody finds the same", () => {
  it.each<[string, readonly Queue[], readonly string[], { lanes: boolean; later: boolean }]>([
    ["high alone", [HIGH], ["normal"], { lanes: true, later: true }],
    ["low alone", [LOW], ["normal"], { lanes: true, later: true }],
    ["high, and later", [HIGH, LATER], ["normal", "later"], { lanes: true, later: false }],
    ["both lanes", [HIGH, LOW], ["high", "normal", "low"], { lanes: false, later: true }],
    ["all", [HIGH, LOW, LATER], ["high", "normal", "low", "later"], { lanes: false, later: false }],
  ])("%s", async (_, siblings, names, absent) => {
    const owned = await Owned.with([...OWN, ...siblings]);
    const dispatcher = await owned.dispatcher();
    const worker = await owned.worker((() => 1) as Handler<never, unknown>);
    const admin = await owned.admin();
    expect(admin.absent).toEqual(absent);
    await owned.clock.settle();
    const received = [HIGH, MIDDLE, LOW, LATER].filter((queue) => owned.touched.has(queueKey(queue)));
    expect(received.map(({ name }) => name)).toEqual(names);
    expect((await owned.until(admin.status())).lanes.map(({ lane }) => lane)).toEqual(names);
    const high = dispatcher.send("default", 1, { priority: 9 });
    if (absent.lanes) await expect(high).rejects.toEqual(refused("priority is 9"));
    else expect(await owned.until(high)).toMatchObject({ duplicate: false });
    const long = dispatcher.send("default", 1, { delayMs: 900_001 });
    if (absent.later) await expect(long).rejects.toEqual(refused("delayMs is 900001, delays above 15 min"));
    else expect(await owned.until(long)).toMatchObject({ duplicate: false });
    expect(owned.warnings).toHaveLength(absent.lanes || absent.later ? 3 : 0);
    await owned.until(worker.stop());
  });
});

describe("without a queue for long delays", () => {
  it("those of the broker are kept, to the last ms; a Retry that asks for more comes then", async () => {
    const owned = await Owned.with([...OWN, HIGH, LOW]);
    const dispatcher = await owned.dispatcher();
    const begun: number[] = [];
    const handler = async () => {
      begun.push(owned.clock.now());
      if (begun.length === 1) throw new Retry("much later", { delayMs: 3_600_000 });
    };
    await owned.worker(handler);
    const sentAt = owned.clock.now();
    const [result] = await owned.until(dispatcher.run("default", [1], { delayMs: 900_000 }).results());
    expect(result).toMatchObject({ outcome: "completed", attempts: 2 });
    const [first = 0, second = 0] = begun;
    expect(first - sentAt).toBeGreaterThanOrEqual(900_000);
    expect(first - sentAt).toBeLessThan(905_000);
    expect(second - first).toBeGreaterThanOrEqual(900_000);
    expect(second - first).toBeLessThan(925_000);
  });

  it("longer pauses of a back-off end there, too", async () => {
    const owned = await Owned.with(OWN);
    const begun: number[] = [];
    const handler = async () => {
      begun.push(owned.clock.now());
      if (begun.length === 1) throw new Error("not yet");
    };
    await owned.worker(handler, { backoff: { baseMs: 7_200_000, maxMs: 7_200_000 } });
    const dispatcher = await owned.dispatcher();
    await owned.until(dispatcher.run("default", [1]).results());
    const [first = 0, second = 0] = begun;
    expect(second - first).toBeGreaterThanOrEqual(900_000);
    expect(second - first).toBeLessThan(925_000);
  });
});

describe("what is needed is MISSING, with all that is missing", () => {
  const none = { sendDelayMs: 0 };
  it.each<[string, readonly Queue[], Partial<WorldOptions>, readonly string[]]>([
    ["the dead letters", [MIDDLE], {}, ["default/dead", "default/high", "default/later", "default/low"]],
    ["the middle lane", [DEAD, HIGH], {}, ["default/later", "default/low", "default/normal"]],
    [
      "later, where the broker has no delay of sends",
      OWN,
      { profile: none },
      ["default/high", "default/later", "default/low"],
    ],
    ["a tier", [...OWN, ...tiersOf("kafka").slice(1)], { character: "kafka" }, ["/100", "default/high", "default/low"]],
  ])("%s", async (_, queues, options, names) => {
    const owned = await Owned.with(queues, options);
    const error = await owned.worker((() => 1) as Handler<never, unknown>).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "MISSING" });
    const said = [...(error as Error).message.matchAll(/queue "([^"]*)"/g)].map(([, name]) => name);
    expect(said.sort()).toEqual(names);
    expect(owned.warnings).toEqual([]);
  });
});

it("with create, what is missing is made, and nobody does without", async () => {
  const owned = await Owned.with(OWN);
  const dispatcher = await owned.dispatcher({ create: true });
  expect(await owned.until(dispatcher.send("default", 1, { priority: 9, delayMs: 900_001 }))).toBeDefined();
  expect((await owned.admin()).absent).toEqual({ lanes: false, later: false });
  expect(owned.warnings).toEqual([]);
});

it("a dead letter of another lane is sent again through the one that there is", async () => {
  const owned = await Owned.with([...OWN, HIGH, LOW, LATER]);
  const dispatcher = await owned.dispatcher();
  await owned.until(dispatcher.send("default", 1, { priority: 9 }));
  const burying = await owned.worker((() => Promise.reject(new Dead("never"))) as Handler<never, unknown>);
  await owned.clock.advanceUntil(() => owned.events.some(({ event }) => event === "task_dead"));
  await owned.until(burying.stop());
  await owned.until(owned.session.remove?.(LOW, never) as Promise<void>);
  const admin = await owned.admin();
  expect(admin.absent).toEqual({ lanes: true, later: false });
  expect(await owned.until(admin.dead.redrive({ all: true }))).toBe(1);
  const done: number[] = [];
  await owned.worker((async (n: number) => void done.push(n)) as Handler<never, unknown>);
  await owned.clock.advanceUntil(() => done.length > 0);
  expect(done).toEqual([1]);
});

it("is tried once more at most, and what it then throws is thrown", async () => {
  const owned = await Owned.with(OWN);
  const { session } = owned;
  const asked: number[] = [];
  const backend = new Proxy<Backend>(session, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (key !== "open") return typeof value === "function" ? value.bind(target) : value;
      return async (options: OpenOptions, signal: AbortSignal) => {
        asked.push(options.send.length);
        // The middle lane is removed in between.
        if (asked.length === 2) await session.remove?.(MIDDLE, never);
        return session.open(options, signal);
      };
    },
  });
  const opening = owned.until(Dispatcher.open(backend, { create: false, clock: owned.clock }));
  await expect(opening).rejects.toMatchObject({ code: "MISSING", message: expect.stringContaining("default/normal") });
  expect(asked).toEqual([4, 1]);
});
