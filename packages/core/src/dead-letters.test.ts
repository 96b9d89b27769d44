import { describe, expect, it } from "vitest";
import { Calls } from "./call.ts";
import { VirtualClock } from "./clock.ts";
import { BodyCodec } from "./codec/body.ts";
import { decodeFrame, isBad } from "./codec/frame.ts";
import { deadFrame, type NewTask, probeFrame, rejectedFrame } from "./codec/maker.ts";
import { payloadOf } from "./codec/testing.ts";
import type { Backend, Counters, DeathNote, Frame, OutFrame, Page, Queue, Want } from "./contract/index.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { DeadLetters } from "./dead-letters.ts";
import { type MemoryBackend, memory } from "./memory/index.ts";
import { frame as rawFrame } from "./memory/testing.ts";
import { deadQueue, workQueue } from "./queues.ts";
import { Routes } from "./routes.ts";
import { frameOf, outFrame, RUN } from "./testing/frames.ts";

const never = new AbortController().signal;
const WORK = workQueue("default");
const DEAD = deadQueue("default");
const LEASE_MS = 60_000;
const death: DeathNote = {
  reason: "ATTEMPTS_EXHAUSTED",
  error: { name: "TypeError", message: "no", code: "ATTEMPTS_EXHAUSTED", cause: "E_OWN" },
  attempts: 5,
  lost: 2,
  firstSentAt: 1_700_000_000_000,
  diedAt: 1_700_000_100_000,
};
const last: Counters = { round: 0, attempt: 5, copy: 1, lost: 2 };

function letter(index: number, more: Partial<NewTask> = {}, counters = last, diedAt = death.diedAt): OutFrame {
  return deadFrame(frameOf({ index, payload: { n: index }, ...more }), counters, { ...death, diedAt });
}

/** Dead letters on a memory backend; `through` may stand in for it. */
class World {
  readonly clock = new VirtualClock();
  readonly inner: MemoryBackend = memory();
  readonly dead: DeadLetters;
  readonly #through: Backend;

  constructor(through: (inner: Backend) => Backend = (inner) => inner) {
    this.#through = through(this.inner);
    const calls = new Calls({ backend: this.#through, clock: this.clock, random: () => 0.5, observer: undefined });
    const { clock } = this;
    const { profile } = this.inner;
    const codec = new BodyCodec({ profile, clock, random: () => 0.5 });
    const routes = new Routes(profile);
    this.dead = new DeadLetters({ calls, clock, queue: "default", leaseMs: LEASE_MS, routes, codec });
  }

  static async with(letters: readonly OutFrame[], through?: (inner: Backend) => Backend): Promise<World> {
    const world = new World(through);
    await world.inner.open(
      { receive: [DEAD, WORK], send: [WORK, DEAD], create: true, leaseMs: LEASE_MS, clock: world.clock },
      never,
    );
    for (const one of letters) expect(await world.inner.send(DEAD, [one], never)).toEqual(["ok"]);
    return world;
  }

  async list(): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for await (const one of this.dead.list()) letters.push(one);
    return letters;
  }

  /** What lies ready and leased among the dead, and ready for work. */
  async depths(): Promise<string> {
    const [dead, work] = [await this.inner.depth(DEAD, never), await this.inner.depth(WORK, never)];
    return `${dead.ready} dead, ${dead.leased} held, ${work.ready} to do`;
  }

  async work(): Promise<Frame[]> {
    const deliveries = await this.inner.receive(WORK, { max: 1_000, waitMs: 0, leaseMs: LEASE_MS }, never);
    return deliveries.map(({ bytes }) => {
      const frame = decodeFrame(bytes, "default", "normal");
      if (isBad(frame)) throw new Error(frame.detail);
      return frame;
    });
  }
}

const ids = (...indexes: number[]) => indexes.map((index) => `${RUN}/${index}`);

describe("list", () => {
  it("shows each with all that is known of it", async () => {
    const full = { task: "render", id: "order 17", headers: { trace: "abc" }, key: "k" };
    const world = await World.with([letter(17, full), letter(18)]);
    const { reason, error, attempts, lost, firstSentAt, diedAt } = death;
    const why = { reason, error, attempts, lost, firstSentAt, diedAt };
    const [first, second] = await world.list();
    expect({ ...first, headers: { ...first?.headers } }).toEqual({
      ...{ id: `${RUN}/17`, name: `${RUN}/17#0.5~1`, task: "render", ref: "order 17", headers: { trace: "abc" } },
      ...{ payload: { n: 17 }, ...why },
    });
    expect(second).toEqual({ id: `${RUN}/18`, name: `${RUN}/18#0.5~1`, task: "default", payload: { n: 18 }, ...why });
  });

  it("takes nothing, and shows also what somebody holds", async () => {
    const world = await World.with([letter(1), letter(2)]);
    await world.inner.receive(DEAD, { max: 1, waitMs: 0, leaseMs: LEASE_MS }, never);
    expect((await world.list()).map(({ id }) => id).sort()).toEqual(ids(1, 2));
    expect(await world.depths()).toBe("1 dead, 1 held, 0 to do");
  });

  it("shows one that lies there twice under its name once, and a later round of it as another", async () => {
    const world = await World.with([letter(1), letter(2), letter(1), letter(1, {}, { ...last, round: 1 })]);
    expect((await world.list()).map(({ name }) => name)).toEqual([
      `${RUN}/1#0.5~1`,
      `${RUN}/2#0.5~1`,
      `${RUN}/1#1.5~1`,
    ]);
  });

  it("goes on over pages", async () => {
    const world = await World.with(Array.from({ length: 250 }, (_, index) => letter(index)));
    expect((await world.list()).map(({ payload }) => (payload as { n: number }).n)).toEqual(
      Array.from({ length: 250 }, (_, n) => n),
    );
  });

  it("shows what was no frame, and passes over what nobody can read", async () => {
    const wrapped = rejectedFrame(Buffer.from("junk"), "default", "normal", { ...death, reason: "FRAME_INVALID" }, RUN);
    const world = await World.with([rawFrame("not a letter"), wrapped, letter(3)]);
    const [other, rejected, ...none] = await world.list();
    expect([other?.id, rejected?.reason, rejected?.task, none]).toEqual([`${RUN}/3`, "FRAME_INVALID", "-", []]);
    expect(rejected?.payload).toMatchObject({ base64: Buffer.from("junk").toString("base64") });
  });

  it("shows, and sends again, a task that the broker has moved here by a rule of its own", async () => {
    const world = await World.with([outFrame({ index: 1, payload: { n: 1 }, sentAt: 1_000 }), probeFrame(RUN, 2, "c1", 5, 1_000)]); // biome-ignore format: one line
    expect(await world.list()).toEqual([
      expect.objectContaining({ id: `${RUN}/1`, reason: "LOST", attempts: 0, lost: 0, firstSentAt: 1_000, payload: { n: 1 } }), // biome-ignore format: one line
    ]);
    expect(await world.dead.redrive({ all: true })).toBe(1);
    expect((await world.work()).map(({ name }) => name)).toEqual([`${RUN}/1#1.0~0`]);
  });

  it("shows one whose payload is damaged without it", async () => {
    const damaged = letter(1);
    damaged.bytes.set(Buffer.from("!"), damaged.bytes.length - 1);
    const [shown] = await (await World.with([damaged])).list();
    expect(shown?.id).toBe(`${RUN}/1`);
    expect(shown).not.toHaveProperty("payload");
  });

  it("that is left says so to the backend, and one that ends does not", async () => {
    const pages: Page[] = [];
    const world = await World.with(
      Array.from({ length: 150 }, (_, index) => letter(index)),
      (inner) =>
        new Proxy(inner, {
          get: (target, key) => {
            if (key !== "browse") return Reflect.get(target, key);
            return async (queue: Queue, page: Page, signal: AbortSignal) => {
              pages.push(page);
              if (page.max === 0) throw new Error("no adapter's fault ends a look that was left");
              return inner.browse?.(queue, page, signal);
            };
          },
        }),
    );
    expect((await world.list()).length).toBe(150);
    const ended = pages.splice(0).map(({ max }) => max);
    expect(ended).toEqual([100, 100]);
    const left = async () => {
      for await (const { id } of world.dead.list()) return id;
      return undefined;
    };
    const leaving = left();
    await world.clock.advance(10_000);
    expect(await leaving).toBe(`${RUN}/0`);
    expect(pages.map(({ max }) => max)).toEqual([100, 0, ...pages.slice(2).map(() => 0)]);
    expect(pages[1]?.cursor).toBeDefined();
  });

  it("of nothing is nothing", async () => {
    expect(await (await World.with([])).list()).toEqual([]);
  });
});

describe("show", () => {
  it("finds by id, and by the user's own", async () => {
    const world = await World.with([letter(1), letter(2, { id: "order 2" }), letter(3)]);
    expect(await world.dead.show(`${RUN}/3`)).toMatchObject({ payload: { n: 3 } });
    expect(await world.dead.show("order 2")).toMatchObject({ id: `${RUN}/2`, ref: "order 2" });
    for (const id of [`${RUN}/4`, `${RUN}/`, "order", "", "undefined"])
      expect(await world.dead.show(id)).toBeUndefined();
  });
});

describe("redrive", () => {
  it.each([
    [0, 0],
    [20_000, 1_000],
  ])("where a poll may last %d ms, waits for letters for %d ms", async (pollMs, expected) => {
    const waits: number[] = [];
    const polling = (inner: Backend) =>
      new Proxy(inner, {
        get(target, key) {
          if (key === "profile") return { ...target.profile, pollMs };
          const value: unknown = Reflect.get(target, key);
          if (typeof value !== "function") return value;
          return (...args: unknown[]) => {
            if (key === "receive") waits.push((args[1] as Want).waitMs);
            return Reflect.apply(value, target, args);
          };
        },
      });
    const world = await World.with([letter(1), letter(2)], polling);
    const redriven = world.dead.redrive({ all: true });
    await world.clock.advance(5_000);
    expect(await redriven).toBe(2);
    expect(waits).toEqual([expected, expected]);
  });

  const three = [letter(1), letter(2, { id: "order 2" }), letter(3)];

  it("sends all again: next round, fresh counters, no deadline, the rest as it was", async () => {
    const full = { task: "render", id: "i", headers: { trace: "abc" }, key: "k", priority: 9, coordinator: "c-9" };
    const one = letter(7, { ...full, deadlineAt: 5 }, { ...last, round: 3 });
    const world = await World.with([one]);
    expect(await world.dead.redrive({ all: true })).toBe(1);
    expect(await world.depths()).toBe("0 dead, 0 held, 1 to do");
    const [frame] = await world.work();
    expect(frame).toMatchObject({
      name: `${RUN}/7#4.0~0`,
      lost: 0,
      priority: 9,
      key: "k",
      coordinator: "c-9",
      death: undefined,
    });
    expect(JSON.parse(JSON.stringify(frame?.tasks))).toEqual([{ task: "render", id: "i", headers: { trace: "abc" } }]);
    expect(frame === undefined ? undefined : payloadOf(frame)).toEqual({ value: { n: 7 } });
  });

  it.each<[string, string[], number[]]>([
    ["one id", ids(3), [3]],
    ["the user's own id", ["order 2"], [2]],
    ["both names of one", [...ids(2), "order 2"], [2]],
    ["several", [...ids(1, 3), "nobody's"], [1, 3]],
    ["an id that nobody has", [`${RUN}/4`], []],
    ["no id", [], []],
  ])("sends what is selected, and puts the others back: %s", async (_, selected, sent) => {
    const world = await World.with(three);
    expect(await world.dead.redrive({ ids: selected })).toBe(sent.length);
    expect((await world.work()).map(({ first }) => first)).toEqual(sent);
    expect((await world.list()).map(({ id }) => id)).toEqual(ids(...[1, 2, 3].filter((n) => !sent.includes(n))));
    expect((await world.inner.depth(DEAD, never)).leased).toBe(0);
  });

  it("takes an empty id for nobody's", async () => {
    const world = await World.with(three);
    expect(await world.dead.redrive({ ids: [""] })).toBe(0);
    expect(await world.depths()).toBe("3 dead, 0 held, 0 to do");
  });

  it("puts back without penalty", async () => {
    const world = await World.with(three);
    for (let round = 0; round < 3; round += 1) await world.dead.redrive({ ids: [] });
    const deliveries = await world.inner.receive(DEAD, { max: 10, waitMs: 0, leaseMs: LEASE_MS }, never);
    expect(deliveries.map(({ redelivery }) => redelivery)).toEqual([0, 0, 0]);
  });

  it("sends one that lies there twice under its name once, and takes both away", async () => {
    const world = await World.with([letter(1), letter(2), letter(1), letter(1)]);
    expect(await world.dead.redrive({ ids: ids(1) })).toBe(1);
    expect((await world.work()).map(({ name }) => name)).toEqual([`${RUN}/1#1.0~0`]);
    expect(await world.depths()).toBe("1 dead, 0 held, 0 to do");
  });

  it("goes on over pages, in both kinds", async () => {
    const many = Array.from({ length: 250 }, (_, index) => letter(index));
    const one = await World.with(many);
    expect(await one.dead.redrive({ ids: ids(240) })).toBe(1);
    expect(await one.depths()).toBe("249 dead, 0 held, 1 to do");
    const all = await World.with(many);
    expect(await all.dead.redrive({ all: true })).toBe(250);
    expect(await all.depths()).toBe("0 dead, 0 held, 250 to do");
  });

  it("leaves what nobody can read where it is", async () => {
    const world = await World.with([rawFrame("not a letter"), letter(1)]);
    expect(await world.dead.redrive({ all: true })).toBe(1);
    expect(await world.depths()).toBe("1 dead, 0 held, 1 to do");
  });

  /** Each receive takes an eighth of a lease. */
  const slow =
    (world: () => World, seen: () => Promise<void> = async () => {}) =>
    (inner: Backend) =>
      through(inner, {
        receive: async (...args) => {
          await world().clock.advance(LEASE_MS / 8);
          await seen();
          return inner.receive(...args);
        },
      });

  it("goes on for longer than a lease, and loses nothing that it holds meanwhile", async () => {
    const many = Array.from({ length: 1_050 }, (_, index) => letter(index, {}, last, 0));
    const all: World = await World.with(
      many,
      slow(() => all),
    );
    expect(await all.dead.redrive({ all: true })).toBe(1_050);
    expect(await all.depths()).toBe("0 dead, 0 held, 1050 to do");
    const one: World = await World.with(
      many,
      slow(() => one),
    );
    expect(await one.dead.redrive({ ids: ids(1_049) })).toBe(1);
    const [kept] = await one.inner.receive(DEAD, { max: 1, waitMs: 0, leaseMs: LEASE_MS }, never);
    expect(kept?.redelivery).toBe(0);
    expect(await one.depths()).toBe("1048 dead, 1 held, 1 to do");
  });

  it("ends though tasks go on dying", async () => {
    let index = 10;
    const dying = async () => {
      index += 1;
      await world.inner.send(DEAD, [letter(index, {}, last, world.clock.wall())], never);
    };
    const world: World = await World.with(
      three,
      slow(() => world, dying),
    );
    expect(await world.dead.redrive({ all: true })).toBe(7);
  });
});

/** A backend with some verbs of its own. */
function through(inner: Backend, own: Partial<Backend>): Backend {
  const { contract, name, profile } = inner;
  return {
    ...{ contract, name, profile },
    open: inner.open.bind(inner),
    send: inner.send.bind(inner),
    receive: inner.receive.bind(inner),
    renew: inner.renew.bind(inner),
    settle: inner.settle.bind(inner),
    classify: inner.classify.bind(inner),
    close: inner.close.bind(inner),
    ...(inner.browse === undefined ? {} : { browse: inner.browse.bind(inner) }),
    ...(inner.move === undefined ? {} : { move: inner.move.bind(inner) }),
    ...own,
  };
}

describe("without move", () => {
  /** Only the verbs of a broker that has none of its own; what it did stands in `log`. */
  const bare =
    (log: string[], send?: Backend["send"]) =>
    (inner: Backend): Backend => {
      const {
        move: _,
        browse: __,
        ...backend
      } = through(inner, {
        profile: { ...inner.profile, verbs: [] },
        send: async (queue, frames, signal) => {
          log.push(`send ${frames.length} to ${queue.role}`);
          return (send ?? inner.send.bind(inner))(queue, frames, signal);
        },
        settle: async (settlements, signal) => {
          for (const { kind } of settlements) log.push(kind);
          return inner.settle(settlements, signal);
        },
      });
      return backend;
    };

  it("sends nothing again that a quick worker buries again meanwhile", async () => {
    const buriedAgain = (inner: Backend): Backend =>
      new Proxy(inner, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key);
          if (typeof value !== "function") return value;
          return async (...args: unknown[]) => {
            const answer = await Reflect.apply(value, target, args);
            if (key === "move") for (const index of [1, 2]) await inner.send(DEAD, [letter(index, {}, { ...last, round: 1 })], never); // biome-ignore format: one line
            return answer;
          };
        },
      });
    const world = await World.with([letter(1), letter(2)], buriedAgain);
    expect(await world.dead.redrive({ all: true })).toBe(2);
    expect(await world.depths()).toBe("4 dead, 0 held, 2 to do");
  });

  it("redrive sends first, and acks second", async () => {
    const log: string[] = [];
    const world = await World.with([letter(1), letter(2)], bare(log));
    expect(await world.dead.redrive({ ids: ids(1) })).toBe(1);
    expect(log).toEqual(["send 1 to work", "ack", "release"]);
    expect(await world.depths()).toBe("1 dead, 0 held, 1 to do");
  });

  it("a letter that cannot be sent stays among the dead, and so does every other", async () => {
    const log: string[] = [];
    const refuse = async () => [{ failed: { code: "DENIED" } }];
    const classify = () => ({ code: "DENIED", detail: "may not send" }) as const;
    const world = await World.with([letter(1), letter(2), letter(3)], (inner) => ({
      ...bare(log, refuse)(inner),
      classify,
    }));
    await expect(world.dead.redrive({ ids: ids(2) })).rejects.toMatchObject({ code: "DENIED" });
    expect(log).not.toContain("ack");
    expect(await world.depths()).toBe("3 dead, 0 held, 0 to do");
  });

  it.each([
    ["in one step", (inner: Backend) => inner],
    ["send first", bare([])],
  ])("to a work queue that is gone loses nothing, and says so: %s", async (_, through) => {
    const world = await World.with([letter(1), letter(2)], through);
    await world.inner.remove(WORK, never);
    await expect(world.dead.redrive({ all: true })).rejects.toMatchObject({ code: "MISSING" });
    expect(await world.inner.depth(DEAD, never)).toMatchObject({ ready: 2, leased: 0 });
  });

  it.each(["list", "show", "purge"] as const)("nor browse and purge: %s rejects with UNSUPPORTED", async (verb) => {
    const world = await World.with([letter(1)], bare([]));
    const asked = verb === "list" ? world.list() : verb === "show" ? world.dead.show("x") : world.dead.purge();
    const missing = verb === "purge" ? "purge" : "browse";
    await expect(asked).rejects.toMatchObject({ code: "UNSUPPORTED", message: `memory has no ${missing}` });
  });
});

describe("purge", () => {
  it("throws away what is there, and says how many", async () => {
    const world = await World.with([letter(1), letter(2), letter(1)]);
    expect(await world.dead.purge()).toBe(3);
    expect(await world.depths()).toBe("0 dead, 0 held, 0 to do");
    expect(await world.dead.purge()).toBe(0);
  });
});
