import { describe, expect, it } from "vitest";
import { Calls } from "./call.ts";
import {
  type Backend,
  type CallCode,
  type Delivery,
  type DispatchEvent,
  type Doubt,
  type ErrorClass,
  type OutFrame,
  type Profile,
  type Queue,
  type Receipt,
  type Settlement,
  UNLIMITED,
} from "./contract/index.ts";
import { codes, DispatchError } from "./errors.ts";
import { memoryProfile } from "./memory/profile.ts";
import { WatchedClock } from "./memory/testing.ts";
import { pause } from "./pause.ts";
import type { Until } from "./retrying.ts";

const WORK: Queue = { role: "work", name: "normal", of: "default" };
const OPEN = { receive: [], send: [WORK], create: true, leaseMs: 1_000 };

/** A client's own error. */
class FakeError extends Error {
  readonly code: CallCode;
  readonly retryAfterMs: number | undefined;
  constructor(code: CallCode, retryAfterMs?: number) {
    super(`fake ${code}`);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
const failed = (code: CallCode, retryAfterMs?: number) => ({ failed: new FakeError(code, retryAfterMs) });

type Answer = (items: readonly unknown[], signal: AbortSignal) => unknown;
type ManyVerb = "send" | "renew" | "settle" | "move";
interface Call {
  readonly verb: string;
  readonly atMs: number;
  readonly items: readonly unknown[];
}

/** A backend that answers as it is told, call by call; the last answer stays. */
class World {
  readonly clock = new WatchedClock();
  readonly calls: Call[] = [];
  readonly events: Extract<DispatchEvent, { event: "call" }>[] = [];
  readonly warnings: DispatchEvent[] = [];
  readonly classified: unknown[] = [];
  readonly script: Answer[];
  readonly door: Calls;

  constructor(
    script: readonly Answer[],
    options: {
      batchFrames?: number;
      batchBytes?: number;
      random?: number;
      verbs?: boolean;
      lease?: Profile["lease"];
    } = {},
  ) {
    const { batchFrames = 1_000, batchBytes = 1e9, random = 1, verbs = true, lease = memoryProfile.lease } = options;
    this.script = [...script];
    const answer = async (verb: string, items: readonly unknown[], signal: AbortSignal) => {
      this.calls.push({ verb, atMs: this.clock.now(), items });
      const next = this.script.length > 1 ? this.script.shift() : this.script[0];
      return next?.(items, signal) as never;
    };
    const backend: Backend = {
      contract: 1,
      name: "fake",
      profile: { ...memoryProfile, lease, limits: { ...memoryProfile.limits, batchFrames, batchBytes } },
      open: (_, signal) => answer("open", [], signal),
      send: (_, frames, signal) => answer("send", frames, signal),
      receive: (_, want, signal) => answer("receive", [want], signal),
      renew: (receipts, _, signal) => answer("renew", receipts, signal),
      settle: (settlements, signal) => answer("settle", settlements, signal),
      classify: (error): ErrorClass => {
        this.classified.push(error);
        if (!(error instanceof FakeError)) return { code: "UNAVAILABLE" };
        return { code: error.code, detail: error.message, retryAfterMs: error.retryAfterMs };
      },
      close: async () => {},
      ...(verbs
        ? {
            move: (moves, signal) => answer("move", moves, signal),
            depth: (_, signal) => answer("depth", [], signal),
            purge: (_, signal) => answer("purge", [], signal),
          }
        : {}),
    };
    const observer = (event: DispatchEvent) => {
      if (event.event === "call") this.events.push(event);
      if (event.event === "warning") this.warnings.push(event);
    };
    this.door = new Calls({ backend, clock: this.clock, random: () => random, observer });
  }

  /** Moves time on until it has ended; nothing is left behind. */
  async end<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    const end = () => {
      over = true;
    };
    promise.then(end, end);
    await this.clock.advanceUntil(() => over);
    expect(over).toBe(true);
    expect(this.clock.set.size).toBe(0);
    return promise;
  }

  send(frames: readonly OutFrame[], until: Until = {}) {
    return this.end(this.door.send(WORK, frames, until));
  }

  many(verb: ManyVerb, items: readonly unknown[], until: Until = {}): Promise<unknown[]> {
    if (verb === "send") return this.end(this.door.send(WORK, items as OutFrame[], until));
    if (verb === "renew") return this.end(this.door.renew(items as Receipt[], 1_000, until));
    if (verb === "settle") return this.end(this.door.settle(items as Settlement[], until));
    return this.end(this.door.move(items as [], until));
  }

  get times(): number[] {
    return this.calls.map(({ atMs }) => atMs);
  }
  get batches(): (readonly unknown[])[] {
    return this.calls.map(({ items }) => items);
  }
}

const many = ["send", "renew", "settle", "move"] as const;
const ok: Answer = (items) => items.map(() => "ok");
const hang: Answer = (_, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("socket closed"))));
const fail =
  (code: CallCode, retryAfterMs?: number): Answer =>
  () => {
    throw new FakeError(code, retryAfterMs);
  };
const eachFails =
  (code: CallCode): Answer =>
  (items) =>
    items.map(() => failed(code));

function frame(name: string, bytes = 1): OutFrame {
  return { bytes: new Uint8Array(bytes), name, id: name, first: true, priority: 5, delayMs: 0, key: undefined };
}
const frames = (...names: string[]) => names.map((name) => frame(name));
/** An answer that says whose it is. */
const said = (name: string) => ({ lost: [name] });
const codeOf = (answer: unknown) => (answer instanceof DispatchError ? answer.code : answer);

describe("batches", () => {
  it.each(many)("of %s are cut by count, and the answers come in the order of the items", async (verb) => {
    const items = Array.from({ length: 8 }, (_, index) => frame(`${index}`));
    const world = new World([(batch) => batch.map((item) => said((item as OutFrame).name))], { batchFrames: 3 });
    expect(await world.many(verb, items)).toEqual(items.map(({ name }) => said(name)));
    expect(world.batches.map((batch) => batch.length)).toEqual([3, 3, 2]);
  });

  it("of send are cut by bytes, too; a frame above the limit goes alone", async () => {
    const sizes = [4, 4, 4, 12, 1, 10, 0, 1];
    const world = new World([ok], { batchBytes: 10 });
    await world.send(sizes.map((bytes, index) => frame(`${index}`, bytes)));
    const sent = world.batches.map((batch) => batch.map((item) => (item as OutFrame).bytes.length));
    expect(sent).toEqual([[4, 4], [4], [12], [1], [10, 0], [1]]);
  });

  it.each(many)("of no items are no call: %s", async (verb) => {
    const world = new World([ok]);
    expect(await world.many(verb, [])).toEqual([]);
    expect(world.calls).toEqual([]);
  });
});

describe("batches that could go side by side", () => {
  const items = Array.from({ length: 25 }, (_, index) => frame(`${index}`));
  const names = items.map(({ name }) => said(name));

  /** A broker that takes its time over each of them, and what it was asked for meanwhile. */
  function slow(tookMs: (index: number) => number) {
    let underWay = 0;
    const seen = { most: 0 };
    const world: World = new World(
      [
        async ([item]) => {
          const { name } = item as OutFrame;
          underWay += 1;
          seen.most = Math.max(seen.most, underWay);
          await pause(world.clock, tookMs(Number(name)));
          underWay -= 1;
          return [said(name)];
        },
      ],
      { batchFrames: 1 },
    );
    return { world, seen };
  }

  it("do when they renew: ten under way, the next when any has ended, and the answers in the order of the items", async () => {
    // The first takes as long as all of the others; each of these ends before the one that began before it.
    const { world, seen } = slow((index) => (index === 0 ? 1_000 : 50 - index));
    expect(await world.many("renew", items)).toEqual(names);
    expect(seen.most).toBe(10);
    expect(world.batches.flat()).toEqual(items);
    expect(world.times.filter((ms) => ms === 0)).toHaveLength(10);
    expect(world.times.at(-1)).toBeLessThan(100);
    expect(world.clock.now()).toBe(1_000);
  });

  it.each(["send", "settle", "move"] as const)("do not when they %s: one after the other, in order", async (verb) => {
    const { world, seen } = slow(() => 10);
    expect(await world.many(verb, items)).toEqual(names);
    expect(seen.most).toBe(1);
    expect(world.times).toEqual(items.map((_, index) => index * 10));
  });

  it("and failed are tried again together, by the longest advice, in the order of the items", async () => {
    const world: World = new World(
      [
        async ([item]) => {
          const index = Number((item as OutFrame).name);
          if (world.clock.now() >= 3_000 || index > 2) return ["ok"];
          await pause(world.clock, 30 - 10 * index);
          throw new FakeError("THROTTLED", index === 1 ? 3_000 : 10);
        },
      ],
      { batchFrames: 1 },
    );
    expect(await world.many("renew", items)).toEqual(items.map(() => "ok"));
    expect(world.batches.slice(items.length).flat()).toEqual(items.slice(0, 3));
    expect(world.times.slice(items.length)).toEqual([3_030, 3_030, 3_030]);
  });
});

describe("items that failed", () => {
  it.each(many)("are tried again on their own: %s", async (verb) => {
    const items = frames("a", "b", "c", "d");
    const world = new World([
      () => ["ok", failed("UNAVAILABLE"), "ok", failed("THROTTLED")],
      () => [failed("TIMED_OUT"), "lost"],
      ok,
    ]);
    expect(await world.many(verb, items)).toEqual(["ok", "ok", "ok", "lost"]);
    expect(world.batches).toEqual([items, [items[1], items[3]], [items[1]]]);
  });

  it("and what is answered otherwise is passed on as it is", async () => {
    const gone = { gone: [WORK] };
    expect(await new World([() => ["ok", "duplicate", "gone"]]).send(frames("a", "b", "c"))).toEqual([
      "ok",
      "duplicate",
      "gone",
    ]);
    expect(await new World([() => ["ok", { lost: [] }, gone]]).many("move", [1, 2, 3])).toEqual([
      "ok",
      { lost: [] },
      gone,
    ]);
  });

  it("do not take back the answers of the others when the next call fails as a whole", async () => {
    const world = new World([() => ["ok", failed("UNAVAILABLE"), failed("DENIED")], fail("CLOSED")]);
    expect((await world.send(frames("a", "b", "c"))).map(codeOf)).toEqual(["ok", "CLOSED", "DENIED"]);
    expect(world.calls).toHaveLength(2);
  });

  it("of one batch leave the other batches alone", async () => {
    const world = new World([fail("UNAVAILABLE"), ok], { batchFrames: 2 });
    const [a, b, c, d] = frames("a", "b", "c", "d") as [OutFrame, OutFrame, OutFrame, OutFrame];
    expect(await world.send([a, b, c, d])).toEqual(["ok", "ok", "ok", "ok"]);
    expect(world.batches).toEqual([
      [a, b],
      [c, d],
      [a, b],
    ]);
  });
});

describe("the table of codes", () => {
  const callCodes: CallCode[] = [
    ...(["UNAVAILABLE", "THROTTLED", "TIMED_OUT", "DENIED", "MISSING"] as const),
    ...(["MISMATCH", "TOO_LARGE", "QUEUE_FULL", "CLOSED"] as const),
  ];

  it.each(callCodes)("decides whether a call, or an item, that ended with %s is tried again", async (code) => {
    for (const answer of [fail(code), eachFails(code)]) {
      const world = new World([answer, ok]);
      const [got] = await world.send(frames("a"));
      expect([codeOf(got), world.calls.length]).toEqual(codes[code].again ? ["ok", 2] : [code, 1]);
    }
  });

  it.each(callCodes)("decides for open and ask as well: %s", async (code) => {
    const world = new World([fail(code), () => 5]);
    const asked = world.end(world.door.ask("purge", {}, (backend, signal) => backend.purge(WORK, signal)));
    if (codes[code].again) expect(await asked).toBe(5);
    else
      await expect(asked).rejects.toMatchObject({ name: "DispatchError", code, message: `fake purge: fake ${code}` });
    const opening = new World([fail(code), () => undefined]);
    const opened = opening.end(opening.door.open({ ...OPEN, clock: opening.clock }, {}));
    if (codes[code].again) expect(await opened).toBeUndefined();
    else await expect(opened).rejects.toMatchObject({ code });
  });
});

describe("back-off", () => {
  const until = { deadline: 30_000 };

  it("doubles from 50 ms to 5 s, with full jitter", async () => {
    const most = new World([fail("UNAVAILABLE")], { random: 1 });
    await most.send(frames("a"), until);
    expect(most.times).toEqual([0, 50, 150, 350, 750, 1_550, 3_150, 6_350, 11_350, 16_350, 21_350, 26_350]);
    const half = new World([fail("UNAVAILABLE")], { random: 0.5 });
    await half.send(frames("a"), { deadline: 1_000 });
    expect(half.times).toEqual([0, 25, 75, 175, 375, 775]);
  });

  it("is never a hot loop", async () => {
    const world = new World([fail("UNAVAILABLE")], { random: 0 });
    await world.send(frames("a"), { deadline: 100 });
    expect(world.times).toEqual(Array.from({ length: 100 }, (_, ms) => ms));
  });

  it("is at least what the broker advises", async () => {
    const world = new World([fail("THROTTLED", 3_000), fail("THROTTLED", 10), ok]);
    expect(await world.send(frames("a"))).toEqual(["ok"]);
    expect(world.times).toEqual([0, 3_000, 3_100]);
  });

  it("is the longest advice of the items, whichever comes last", async () => {
    const advised = failed("THROTTLED", 3_000);
    for (const answers of [
      [advised, failed("UNAVAILABLE")],
      [failed("UNAVAILABLE"), advised],
    ]) {
      const world = new World([() => answers, ok]);
      await world.send(frames("a", "b"));
      expect(world.times).toEqual([0, 3_000]);
    }
  });

  it("ends the call where the advice is beyond its deadline", async () => {
    const world = new World([fail("THROTTLED", 60_000)]);
    expect((await world.send(frames("a"), until)).map(codeOf)).toEqual(["THROTTLED"]);
    expect(world.clock.now()).toBe(0);
  });
});

describe("a deadline", () => {
  it("ends a call that is not answered, with TIMED_OUT and what the client said", async () => {
    const world = new World([hang]);
    const [answer] = await world.send(frames("a"), { deadline: 3_000 });
    expect(answer).toMatchObject({
      code: "TIMED_OUT",
      message: "send took longer than 3000 ms",
      cause: { message: "socket closed" },
    });
    expect([world.clock.now(), world.calls.length]).toEqual([3_000, 1]);
  });

  it("leaves each try 10 s, so that a half-open socket is noticed and left", async () => {
    const world = new World([hang]);
    const answers = await world.send(frames("a", "b"), { deadline: 25_000 });
    expect(answers.map(codeOf)).toEqual(["TIMED_OUT", "TIMED_OUT"]);
    expect(world.times).toEqual([0, 10_050, 20_150]);
    expect(world.clock.now()).toBe(25_000);
  });

  it.each(["renew", "settle", "move"] as const)("ends %s as well", async (verb) => {
    const world = new World([hang]);
    expect((await world.many(verb, [1, 2], { deadline: 500 })).map(codeOf)).toEqual(["TIMED_OUT", "TIMED_OUT"]);
  });

  it("ends open and ask with a throw", async () => {
    const world = new World([hang]);
    const until = { deadline: 500 };
    const opened = world.end(world.door.open({ ...OPEN, clock: world.clock }, until));
    await expect(opened).rejects.toMatchObject({ code: "TIMED_OUT", message: "open took longer than 500 ms" });
    // What it failed with before says more than that its last try had no time left.
    const refused = new World([fail("UNAVAILABLE"), hang]);
    const tried = refused.end(refused.door.open({ ...OPEN, clock: refused.clock }, until));
    await expect(tried).rejects.toMatchObject({ code: "UNAVAILABLE", message: "fake open: fake UNAVAILABLE" });
    const asked = world.door.ask("depth", { deadline: 900 }, (backend, signal) => backend.depth(WORK, signal));
    await expect(world.end(asked)).rejects.toMatchObject({ code: "TIMED_OUT" });
  });

  it("ends the tries; the answer is why the last one failed", async () => {
    const world = new World([eachFails("UNAVAILABLE")]);
    const [answer] = await world.send(frames("a"), { deadline: 1_000 });
    expect(codeOf(answer)).toBe("UNAVAILABLE");
    expect(world.clock.now()).toBeLessThan(1_000);
  });
});

describe("a signal", () => {
  it("ends the pause between two tries, and nothing is tried again", async () => {
    const world = new World([fail("UNAVAILABLE")]);
    const controller = new AbortController();
    world.clock.after(7_000, () => controller.abort());
    expect((await world.send(frames("a"), { signal: controller.signal })).map(codeOf)).toEqual(["UNAVAILABLE"]);
    expect([world.clock.now(), world.calls.length]).toEqual([7_000, 8]);
  });

  it("reaches the verb, with its reason, and ends the call", async () => {
    const reasons: unknown[] = [];
    const world = new World([
      (items, signal) => {
        signal.addEventListener("abort", () => reasons.push(signal.reason));
        return hang(items, signal);
      },
    ]);
    const controller = new AbortController();
    world.clock.after(100, () => controller.abort("enough"));
    expect((await world.send(frames("a"), { signal: controller.signal })).map(codeOf)).toEqual(["UNAVAILABLE"]);
    expect([reasons, world.clock.now(), world.calls.length]).toEqual([["enough"], 100, 1]);
  });

  it("that has fired already lets nothing begin", async () => {
    const world = new World([ok]);
    const until = { signal: AbortSignal.abort() };
    expect((await world.send(frames("a", "b"), until)).map(codeOf)).toEqual(["CLOSED", "CLOSED"]);
    await expect(world.door.open({ ...OPEN, clock: world.clock }, until)).rejects.toMatchObject({ code: "CLOSED" });
    expect(world.calls).toEqual([]);
  });

  it("is left without listeners", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await new World([fail("UNAVAILABLE"), ok]).send(frames("a"), { signal });
    expect(listeners).toBe(0);
  });
});

describe("duplicates", () => {
  it("of an own earlier try are ok: after a throw that may have taken effect", async () => {
    const world = new World([fail("TIMED_OUT"), () => ["duplicate", "ok"]]);
    expect(await world.send(frames("a", "b"))).toEqual(["ok", "ok"]);
  });

  it("of an own earlier try are ok: after an item that failed", async () => {
    const world = new World([() => [failed("UNAVAILABLE"), "duplicate"], () => ["duplicate"]]);
    expect(await world.send(frames("a", "b"))).toEqual(["ok", "duplicate"]);
  });

  const twice = (first: string, second: string) =>
    [first, second].map((name) => Object.assign(frame(name), { id: "a" }));

  it("of another frame of the call stay duplicates, though both were tried before", async () => {
    const world = new World([fail("TIMED_OUT"), () => ["duplicate", "duplicate"]]);
    expect(await world.send(twice("r/0", "r/1"))).toEqual(["ok", "duplicate"]);
  });

  it("of one that had ended, and was taken again, stay duplicates", async () => {
    const world = new World([fail("TIMED_OUT"), () => ["ok", "duplicate"]]);
    expect(await world.send(twice("r/0", "r/1"))).toEqual(["ok", "duplicate"]);
  });

  it("of one that was taken at once stay duplicates of that", async () => {
    const world = new World([() => ["ok", failed("UNAVAILABLE")], () => ["duplicate"]]);
    expect(await world.send(twice("r/0", "r/1"))).toEqual(["ok", "duplicate"]);
  });

  it("of one that could not be taken are their own", async () => {
    const world = new World([() => [failed("TOO_LARGE"), failed("UNAVAILABLE")], () => ["duplicate"]]);
    expect((await world.send(twice("r/0", "r/1"))).map(codeOf)).toEqual(["TOO_LARGE", "ok"]);
  });

  it("of somebody else stay duplicates, also beside a batch that had to be sent again", async () => {
    const world = new World([fail("UNAVAILABLE"), () => ["duplicate"], () => ["duplicate"]], { batchFrames: 1 });
    expect(await world.send(frames("a", "b"))).toEqual(["ok", "duplicate"]);
  });

  it("are counted anew for each call", async () => {
    const world = new World([fail("UNAVAILABLE"), ok, () => ["duplicate"]]);
    const [a] = frames("a") as [OutFrame];
    expect([...(await world.send([a])), ...(await world.send([a]))]).toEqual(["ok", "duplicate"]);
  });
});

describe("receive", () => {
  const want = { max: 10, waitMs: 20_000, leaseMs: 1_000 };
  const never = new AbortController().signal;
  const delivery: Delivery = { receipt: { queue: WORK }, bytes: new Uint8Array(1), redelivery: 0 };

  it("answers what the backend grants; nothing is an answer", async () => {
    const world = new World([() => [delivery], () => []]);
    expect(await world.end(world.door.receive(WORK, want, never))).toEqual([delivery]);
    expect(await world.end(world.door.receive(WORK, want, never))).toEqual([]);
  });

  it("that is aborted returns what was granted meanwhile", async () => {
    const controller = new AbortController();
    const granted: Answer = (_, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve([delivery])));
    const world = new World([granted]);
    world.clock.after(100, () => controller.abort());
    expect(await world.end(world.door.receive(WORK, want, controller.signal))).toEqual([delivery]);
    expect(world.events).toMatchObject([{ verb: "receive", items: 10, brought: 1, durationMs: 100 }]);
    expect(world.events[0]).not.toHaveProperty("code");
  });

  it("that was aborted before it began is not an error, and takes nothing", async () => {
    const world = new World([() => [delivery]]);
    expect(await world.end(world.door.receive(WORK, want, AbortSignal.abort()))).toEqual([]);
    expect(world.calls).toEqual([]);
  });

  it("is tried once: whoever fetches decides what to do then", async () => {
    const world = new World([fail("UNAVAILABLE")]);
    await expect(world.end(world.door.receive(WORK, want, never))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(world.calls).toHaveLength(1);
  });

  it("may take 10 s beyond the wait that was asked for", async () => {
    const world = new World([hang]);
    const message = "receive took longer than 30000 ms";
    await expect(world.end(world.door.receive(WORK, want, never))).rejects.toMatchObject({
      code: "TIMED_OUT",
      message,
    });
    expect(world.clock.now()).toBe(30_000);
  });
});

describe("optional verbs", () => {
  it.each(["depth", "browse", "purge", "remove"] as const)(
    "where there is no %s, ask rejects with UNSUPPORTED",
    async (verb) => {
      const world = new World([ok], { verbs: false });
      const asked = world.door.ask(verb, {}, () => Promise.resolve(1));
      await expect(asked).rejects.toMatchObject({ code: "UNSUPPORTED", message: `fake has no ${verb}` });
      expect(world.calls).toEqual([]);
    },
  );

  it("where there is no move, each move is answered with UNSUPPORTED, once", async () => {
    const world = new World([ok], { verbs: false });
    expect((await world.many("move", [1, 2])).map(codeOf)).toEqual(["UNSUPPORTED", "UNSUPPORTED"]);
    expect(world.clock.now()).toBe(0);
  });

  it("are called as methods of their backend", async () => {
    const world = new World([() => 7]);
    const asked = world.door.ask("purge", {}, (backend, signal) => backend.purge(WORK, signal));
    expect(await world.end(asked)).toBe(7);
    expect(world.calls).toMatchObject([{ verb: "purge" }]);
  });
});

describe("what is thrown", () => {
  it("is wrapped once: the cause is the client's own error, and the message says whose verb it was", async () => {
    const own = new FakeError("DENIED");
    const world = new World([
      () => {
        throw own;
      },
    ]);
    const [answer] = await world.send(frames("a"));
    expect(answer).toMatchObject({ name: "DispatchError", code: "DENIED", message: "fake send: fake DENIED" });
    expect((answer as DispatchError).cause).toBe(own);
    expect(world.classified).toEqual([own]);
  });

  it("is wrapped once also for items, and after tries", async () => {
    const own = new FakeError("QUEUE_FULL");
    const world = new World([fail("UNAVAILABLE"), () => [{ failed: own }]]);
    const [answer] = await world.send(frames("a"));
    expect((answer as DispatchError).cause).toBe(own);
  });

  it("stays what it is where it is a DispatchError already", async () => {
    const own = new DispatchError("MISMATCH", "as it was");
    const world = new World([
      () => {
        throw own;
      },
      () => [{ failed: own }],
    ]);
    expect([...(await world.send(frames("a"))), ...(await world.send(frames("a")))]).toEqual([own, own]);
    expect(world.classified).toEqual([]);
  });

  it("without a promise is caught as well", async () => {
    const world = new World([ok]);
    world.door.backend.send = () => {
      throw new FakeError("DENIED");
    };
    expect((await world.send(frames("a"))).map(codeOf)).toEqual(["DENIED"]);
  });

  it.each<[string, unknown, string]>([
    ["a text", "away", "fake send: away"],
    ["nothing", undefined, "fake send: undefined"],
    ["what cannot be printed", Object.create(null), "fake send: an error that cannot be printed"],
  ])("may be anything: %s is still one DispatchError", async (_, thrown, message) => {
    for (const answer of [
      () => {
        throw thrown;
      },
      () => [{ failed: thrown }],
    ]) {
      const [got] = await new World([answer]).send(frames("a"), { deadline: 10 });
      expect(got).toMatchObject({ name: "DispatchError", code: "UNAVAILABLE", message });
    }
  });
});

describe("what is no answer", () => {
  const short: Answer = (items) => items.slice(1).map(() => "ok");
  const gap = { code: "UNAVAILABLE", message: "fake send: the adapter answered no list of 2", again: true };

  it.each(many)("to all items of %s, in a list, fails the call: it is tried again, whole", async (verb) => {
    const items = frames("a", "b");
    for (const odd of [short, () => [], () => undefined, () => null, () => "ok", () => ({ length: 2 })]) {
      const world = new World([odd, ok]);
      expect(await world.many(verb, items)).toEqual(["ok", "ok"]);
      expect(world.batches).toEqual([items, items]);
      expect(world.events).toMatchObject([{ ...gap, message: gap.message.replace("send", verb) }, { verb }]);
    }
  });

  it.each(many)("to one item of %s is that item's failure", async (verb) => {
    const items = frames("a", "b");
    for (const odd of [null, undefined, "OK", 1, {}]) {
      const oddly: Answer = (batch) => batch.map((item) => (item === items[1] ? odd : "ok"));
      const world = new World([oddly, ok]);
      expect(await world.many(verb, items)).toEqual(["ok", "ok"]);
      expect(world.batches).toEqual([items, [items[1]]]);
      const deaf = new World([oddly]);
      expect((await deaf.many(verb, items, { deadline: 100 })).map(codeOf)).toEqual(["ok", "UNAVAILABLE"]);
    }
  });

  it("leaves open what became of the frames: a duplicate of them is their own", async () => {
    const world = new World([short, () => ["duplicate", "ok"]]);
    expect(await world.send(frames("a", "b"))).toEqual(["ok", "ok"]);
  });

  it("longer than it was asked for is one: the rest is nobody's", async () => {
    expect(await new World([() => ["ok", "gone", "gone"]]).send(frames("a", "b"))).toEqual(["ok", "gone"]);
  });

  const want = { max: 10, waitMs: 20_000, leaseMs: 1_000 };
  const never = new AbortController().signal;
  const good: Delivery = { receipt: { queue: WORK }, bytes: new Uint8Array(1), redelivery: 0 };

  it.each([
    [undefined],
    [null],
    ["frames"],
    [{}],
    [[null]],
    [[{}]],
    [[{ receipt: good.receipt }]],
    [[{ bytes: good.bytes }]],
  ])("of a receive, %j, is UNAVAILABLE: who fetches asks again later", async (answer) => {
    const world = new World([() => answer]);
    const message = "fake receive: the adapter answered no list of deliveries";
    await expect(world.end(world.door.receive(WORK, want, never))).rejects.toMatchObject({
      name: "DispatchError",
      code: "UNAVAILABLE",
      message,
    });
    expect(world.events).toMatchObject([{ verb: "receive", code: "UNAVAILABLE", message, again: true }]);
  });

  it("beside a frame in good order costs that frame nothing; it is a warning, once", async () => {
    const world = new World([() => [null, good, {}]]);
    for (let times = 0; times < 2; times += 1)
      expect(await world.end(world.door.receive(WORK, want, never))).toEqual([good]);
    expect(world.warnings).toMatchObject([{ code: "UNAVAILABLE", message: expect.stringContaining("receive") }]);
  });

  it.each<[string, () => unknown]>([
    ["a throw", () => { throw new Error("a fault of its own"); }], // biome-ignore format: one line
    ["nothing", () => undefined],
    ["a code that nobody knows", () => ({ code: "WHAT" })],
    ["a code that is a name of something else", () => ({ code: "toString" })],
  ])("of classify, %s, is UNAVAILABLE", async (_, classify) => {
    const world = new World([fail("DENIED"), eachFails("DENIED"), ok]);
    world.door.backend.classify = classify as Backend["classify"];
    expect(await world.send(frames("a"))).toEqual(["ok"]);
    expect(world.events).toMatchObject([
      { code: "UNAVAILABLE", message: "fake send: fake DENIED" },
      { code: "UNAVAILABLE" },
      { verb: "send" },
    ]);
    const away = new World([fail("DENIED")]);
    away.door.backend.classify = classify as Backend["classify"];
    await expect(away.end(away.door.receive(WORK, want, never))).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("events", () => {
  it("one for each try: how long, how many, and how it failed", async () => {
    const slow: Answer = (items) =>
      new Promise((resolve) => world.clock.after(20, () => resolve(items.map(() => "ok"))));
    const world: World = new World([fail("UNAVAILABLE"), slow], { batchFrames: 2 });
    await world.send(frames("a", "b", "c"));
    const about = { event: "call", backend: "fake", verb: "send" };
    const why = { code: "UNAVAILABLE", message: "fake send: fake UNAVAILABLE", again: true };
    expect(world.events).toEqual([
      { ...about, items: 2, durationMs: 0, ...why },
      { ...about, items: 1, durationMs: 20 },
      { ...about, items: 2, durationMs: 20 },
    ]);
  });

  it("of a call none of whose items got through are those of a failed one; one that did is an answer", async () => {
    const away: Answer = (items) => items.map(() => failed("UNAVAILABLE"));
    const partly: Answer = (items) => items.map((_, index) => (index === 0 ? "ok" : failed("UNAVAILABLE")));
    const world = new World([away, partly, (items) => items.map(() => "ok")]);
    expect(await world.send(frames("a", "b"))).toEqual(["ok", "ok"]);
    const codes = world.events.map(({ items, code }) => [items, code]);
    expect(codes).toEqual([[2, "UNAVAILABLE"], [2, undefined], [1, undefined]]); // biome-ignore format: one line
  });

  it("are not made of a renewal that asks nobody: it would seem that the broker is there", async () => {
    const timed = new World([() => ["ok"]]);
    await timed.end(timed.door.renew([{}] as never, 1_000, {}));
    expect(timed.events).toMatchObject([{ verb: "renew" }]);
    const session = new World([() => ["ok"]], {
      lease: { kind: "session", detectionMs: 1_000, totalCapMs: UNLIMITED },
    });
    await session.end(session.door.renew([{}] as never, 1_000, {}));
    expect(session.events).toEqual([]);
  });

  it("say where core gives up", async () => {
    const world = new World([fail("DENIED")]);
    await world.send(frames("a"));
    expect(world.events).toMatchObject([{ code: "DENIED", again: false }]);
  });
});

describe("doubts", () => {
  const evicts = { code: "MISMATCH", detail: "it evicts" } as const;
  const hides = { code: "DENIED", detail: "it may not be asked" } as const;
  const warning = ({ code, detail }: Doubt) => ({ event: "warning", code, message: `fake: ${detail}` });

  it("of an open become a warning each, once, however often it is opened or tried", async () => {
    const world = new World([fail("UNAVAILABLE"), () => [evicts, evicts], () => [evicts, hides], () => [hides]]);
    for (const warned of [[evicts], [evicts, hides], [evicts, hides]]) {
      await world.end(world.door.open({ ...OPEN, clock: world.clock }, {}));
      expect(world.warnings).toEqual(warned.map(warning));
    }
  });

  it.each([[undefined], [[]], ["connected"], [{ client: 1 }]])("are none where open answers %j", async (answer) => {
    const world = new World([() => answer]);
    await world.end(world.door.open({ ...OPEN, clock: world.clock }, {}));
    expect(world.warnings).toEqual([]);
  });
});
