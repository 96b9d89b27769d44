import { describe, expect, it } from "vitest";
import type { Delivery } from "../../contract/index.ts";
import { memory } from "../index.ts";
import { all, Bench, counted, frame, LEASE_MS, never, textsOf, those, WORK } from "./testing.ts";

const session = those(({ lease }) => lease.kind === "session");
const pollFree = those(({ pollMs, lease }) => pollMs === 0 && lease.kind === "timed");
const ONE = { mechanics: { partitions: 1 } } as const;

describe.each(all)("two sessions of memory as %s", (character) => {
  it("share what is sent, and each frame is one's", async () => {
    const bench = await Bench.open(character);
    const other = await bench.another();
    for (const session of [bench.first, other]) await bench.take({ waitMs: 0 }, session);
    await bench.send(["a", "b", "c", "d", "e", "f"]);
    const [mine, theirs] = [await bench.takeAll(), await bench.takeAll(other)];
    expect(textsOf([...mine, ...theirs]).sort()).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(await bench.ack(theirs, other)).toEqual(theirs.map(() => "ok"));
    expect(await bench.ack(mine)).toEqual(mine.map(() => "ok"));
  });

  it("kill: answers no more, and rejects when the signal of a verb fires", async () => {
    const bench = await Bench.open(character);
    const waiting = new AbortController();
    const receive = bench.first.receive(WORK, { max: 1, waitMs: 100, leaseMs: LEASE_MS }, waiting.signal);
    await bench.clock.settle();
    bench.first.kill();
    const late = new AbortController();
    const verbs = {
      receive,
      send: bench.first.send(WORK, [frame("a")], late.signal),
      renew: bench.first.renew([], 1, late.signal),
    };
    const ended: string[] = [];
    for (const [verb, answer] of Object.entries(verbs)) {
      const mark = () => ended.push(verb);
      answer.then(mark, mark);
    }
    await bench.clock.advance(60_000);
    expect(ended).toEqual([]);
    late.abort(new Error("too late"));
    await expect(verbs.send).rejects.toThrow("too late");
    await expect(verbs.renew).rejects.toThrow("too late");
    waiting.abort();
    expect(await receive).toEqual([]);
  });

  it("freeze: goes on after the thaw; a lease that ended meanwhile is lost where that is fenced", async () => {
    const bench = await Bench.open(character, ONE);
    await bench.send(["a"]);
    const held = await bench.take();
    const other = await bench.another();
    bench.first.freeze();
    const settlements = held.map(({ receipt }) => ({ kind: "ack", receipt }) as const);
    const acked = bench.first.settle(settlements, never).catch((error: unknown) => [bench.first.classify(error).code]);
    const again = await bench.take({ waitMs: 60_000 }, other);
    expect(counted(again)).toEqual(["a×1"]);
    bench.first.thaw();
    const { fencing, lease } = bench.first.profile;
    const fenced = lease.kind === "session" ? "UNAVAILABLE" : "lost";
    expect(await bench.until(acked)).toEqual([fencing === "best-effort" ? "ok" : fenced]);
    expect(await bench.renew(again, other)).toEqual(["ok"]);
    expect(await bench.ack(again, other)).toEqual(["ok"]);
    await bench.clock.advance(1_000);
    expect(await bench.send(["b"])).toEqual(["ok"]);
    const more = [...(await bench.take({ waitMs: 2_000 })), ...(await bench.take({ waitMs: 2_000 }, other))];
    expect(textsOf(more)).toEqual(["b"]);
  });

  it("freeze: a short one changes nothing", async () => {
    const bench = await Bench.open(character, ONE);
    await bench.send(["a"]);
    const held = await bench.take();
    bench.first.freeze();
    await bench.clock.advance(LEASE_MS / 2);
    bench.first.thaw();
    expect(await bench.renew(held)).toEqual(["ok"]);
    expect(await bench.ack(held)).toEqual(["ok"]);
    await bench.clock.advance(120_000);
    expect(await bench.take()).toEqual([]);
  });

  it("takes no receipt of another world", async () => {
    const [bench, elsewhere] = [await Bench.open(character), await Bench.open(character)];
    await bench.send(["a"]);
    const held = await bench.take();
    expect(await elsewhere.ack(held)).toEqual(["lost"]);
    expect(await elsewhere.renew(held)).toEqual(["lost"]);
    expect(await bench.ack(held)).toEqual(["ok"]);
  });
});

describe.each(session)("a session of memory as %s whose connection breaks", (character) => {
  it("loses what it held, and goes on under a new one by itself, its waiting too", async () => {
    const bench = await Bench.open(character, ONE);
    await bench.send(["a"]);
    const held = await bench.take();
    const waiting = bench.first.receive(WORK, { max: 5, waitMs: 60_000, leaseMs: LEASE_MS }, never);
    await bench.clock.settle();
    bench.first.cut();
    await expect(bench.ack(held)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const again = await bench.until(waiting);
    expect(bench.clock.now()).toBeLessThan(1_000);
    // A log's member that comes back under another id was not a crash; a channel that breaks counts.
    expect(counted(again)).toEqual([bench.first.profile.redelivery === "once" ? "a×0" : "a×1"]);
    expect(await bench.ack(held)).toEqual(["lost"]);
    expect(await bench.renew(again)).toEqual(["ok"]);
    expect(await bench.ack(again)).toEqual(["ok"]);
  });
});

describe.each(session)("a session of memory as %s that was frozen for a moment", (character) => {
  it("is not thrown out later for it", async () => {
    const bench = await Bench.open(character, ONE);
    await bench.send(["a"]);
    const held = await bench.take({ leaseMs: 600_000 });
    bench.first.freeze();
    await bench.clock.advance(1_000);
    bench.first.thaw();
    await bench.clock.advance(60_000);
    expect(await bench.ack(held)).toEqual(["ok"]);
  });
});

describe("polls that cannot be called back", () => {
  const take = (bench: Bench, signal: AbortSignal) =>
    bench.first.receive(WORK, { max: 5, waitMs: 20_000, leaseMs: LEASE_MS }, signal);

  it("bring what comes after an abort to the next receive, under a whole lease", async () => {
    const bench = await Bench.open("sqs", { profile: { pollMs: 20_000 } });
    const controller = new AbortController();
    const waiting = take(bench, controller.signal);
    await bench.clock.settle();
    controller.abort();
    expect(await waiting).toEqual([]);
    await bench.send(["a"]);
    await bench.clock.advance(LEASE_MS - 1_000);
    const other = await bench.another();
    expect(await bench.take({ waitMs: 0 }, other)).toEqual([]);
    const held = await bench.take({ waitMs: 0 });
    expect(counted(held)).toEqual(["a×0"]);
    await bench.clock.advance(LEASE_MS - 1);
    expect(await bench.take({ waitMs: 0 }, other)).toEqual([]);
    expect(await bench.renew(held)).toEqual(["ok"]);
  });

  it("bring what they were asked for, whatever is asked since", async () => {
    const bench = await Bench.open("sqs", { profile: { pollMs: 20_000 } });
    const controller = new AbortController();
    const waiting = take(bench, controller.signal);
    await bench.clock.settle();
    controller.abort();
    await waiting;
    const one = bench.first.receive(WORK, { max: 1, waitMs: 20_000, leaseMs: LEASE_MS }, never);
    await bench.clock.settle();
    const other = await bench.another();
    await bench.send(["a", "b", "c"]);
    expect((await bench.until(one)).length).toBe(1);
    expect(await bench.take({ waitMs: 0 }, other)).toEqual([]);
    expect((await bench.take({ waitMs: 0 })).length).toBe(2);
  });

  it("follow one another as long as somebody waits", async () => {
    const bench = await Bench.open("sqs", { profile: { pollMs: 1_000 } });
    const wants = [3, 7].map((max) => bench.first.receive(WORK, { max, waitMs: 20_000, leaseMs: LEASE_MS }, never));
    await bench.clock.advance(5_500);
    await bench.send(["a", "b", "c"]);
    const first = await bench.until(wants[0] ?? Promise.reject());
    expect(await bench.ack(first)).toEqual(["ok", "ok", "ok"]);
    await bench.clock.advance(5_500);
    await bench.send(["d"]);
    expect(textsOf(await bench.until(wants[1] ?? Promise.reject()))).toEqual(["d"]);
    expect(bench.clock.now()).toBe(11_000);
  });

  it("are over after pollMs, and take nothing then", async () => {
    const bench = await Bench.open("sqs", { profile: { pollMs: 5_000 } });
    const controller = new AbortController();
    const waiting = take(bench, controller.signal);
    await bench.clock.settle();
    controller.abort();
    await waiting;
    await bench.clock.advance(5_001);
    await bench.send(["a"]);
    const other = await bench.another();
    expect(counted(await bench.take({ waitMs: 0 }, other))).toEqual(["a×0"]);
  });

  it("are waited for by close, which gives back what they bring; that counts as a grant", async () => {
    const bench = await Bench.open("sqs", { profile: { pollMs: 5_000 } });
    const controller = new AbortController();
    const waiting = take(bench, controller.signal);
    await bench.clock.settle();
    controller.abort();
    await waiting;
    const other = await bench.another();
    const closing = bench.first.close();
    await bench.send(["a"], WORK, other);
    await bench.until(closing);
    expect(bench.clock.now()).toBeLessThanOrEqual(5_000);
    expect(counted(await bench.take({}, other))).toEqual(["a×1"]);
  });

  it("of a process that died go on: what they bring is lost for a lease", async () => {
    const bench = await Bench.open("sqs", { profile: { pollMs: 5_000 } });
    const other = await bench.another();
    void take(bench, never);
    await bench.clock.settle();
    bench.first.kill();
    await bench.send(["a"], WORK, other);
    expect(counted(await bench.take({ waitMs: 60_000 }, other))).toEqual(["a×1"]);
    expect(bench.clock.now()).toBe(LEASE_MS);
  });

  it.each(pollFree)("are not what %s does: a process that does not run takes nothing", async (character) => {
    const bench = await Bench.open(character);
    const other = await bench.another();
    void take(bench, never);
    await bench.clock.settle();
    bench.first.kill();
    await bench.send(["a"], WORK, other);
    expect(counted(await bench.take({ waitMs: 0 }, other))).toEqual(["a×0"]);
  });
});

describe("a broker that pushes", () => {
  const receive = (bench: Bench, max: number) => bench.take({ max, waitMs: 1_000 });

  it("leaves credit open after an answer, which max 0 takes back, and with it what came", async () => {
    const bench = await Bench.open("rabbitmq");
    const other = await bench.another();
    await bench.send(["a"]);
    expect(textsOf(await receive(bench, 5))).toEqual(["a"]);
    await bench.send(["b", "c"]);
    expect(await bench.take({ waitMs: 0 }, other)).toEqual([]);
    expect(await bench.take({ max: 0 })).toEqual([]);
    expect(counted(await bench.takeAll(other))).toEqual(["b×0", "c×0"]);
  });

  it("takes it back by itself in time", async () => {
    const bench = await Bench.open("rabbitmq", { mechanics: { lingerMs: 500 } });
    const other = await bench.another();
    await bench.send(["a"]);
    await receive(bench, 5);
    await bench.send(["b"]);
    expect(counted(await bench.take({ waitMs: 2_000 }, other))).toEqual(["b×0"]);
    expect(bench.clock.now()).toBe(500);
  });

  it("pushes to a process that died, until it notices", async () => {
    const bench = await Bench.open("rabbitmq");
    const other = await bench.another();
    void bench.first.receive(WORK, { max: 5, waitMs: 60_000, leaseMs: LEASE_MS }, never);
    await bench.clock.settle();
    bench.first.kill();
    await bench.send(["a"], WORK, other);
    expect(counted(await bench.take({ waitMs: 60_000 }, other))).toEqual(["a×1"]);
    expect(bench.clock.now()).toBe(20_000);
  });

  it("has frames on their way; what an abort leaves goes to the next receive", async () => {
    const bench = await Bench.open("rabbitmq", { mechanics: { pushLagMs: 10, lingerMs: 1_000 } });
    const controller = new AbortController();
    const waiting = bench.first.receive(WORK, { max: 5, waitMs: 5_000, leaseMs: LEASE_MS }, controller.signal);
    await bench.send(["a"]);
    await bench.clock.advance(5);
    controller.abort();
    expect(await waiting).toEqual([]);
    expect(textsOf(await bench.take({ waitMs: 100 }))).toEqual(["a"]);
  });

  it("counts every grant where its profile says so, and a lost channel too", async () => {
    const bench = await Bench.open("rabbitmq", { profile: { redelivery: "grants" } });
    await bench.send(["a"]);
    await bench.release(await bench.take());
    await bench.take();
    bench.first.cut();
    await bench.clock.advance(500);
    expect(counted(await bench.take())).toEqual(["a×2"]);
  });
});

describe("best-effort fencing", () => {
  it.each(["ignored", "removes"] as const)("a late ack succeeds; under the next holder it is %s", async (lateAck) => {
    const bench = await Bench.open("sqs", { mechanics: { lateAck } });
    await bench.send(["a"]);
    const stale = await bench.take();
    await bench.clock.advance(LEASE_MS);
    const current = await bench.take();
    expect(await bench.ack(stale)).toEqual(["ok"]);
    expect(await bench.renew(current)).toEqual([lateAck === "ignored" ? "ok" : "lost"]);
    await bench.clock.advance(LEASE_MS * 2);
    expect((await bench.take()).length).toBe(lateAck === "ignored" ? 1 : 0);
  });

  it("a late ack, or renewal, of what nobody took since still works", async () => {
    const bench = await Bench.open("sqs");
    await bench.send(["a", "b"]);
    const [a, b] = (await bench.takeAll()) as [Delivery, Delivery];
    await bench.clock.advance(LEASE_MS * 2);
    expect([await bench.ack(a), await bench.renew(b)]).toEqual([["ok"], ["ok"]]);
    expect(await bench.take({ waitMs: 0 })).toEqual([]);
    await bench.clock.advance(LEASE_MS);
    expect(textsOf(await bench.take())).toEqual(textsOf([b]));
  });

  it("a stale renewal is lost once somebody else holds it", async () => {
    const bench = await Bench.open("sqs");
    await bench.send(["a"]);
    const stale = await bench.take();
    await bench.clock.advance(LEASE_MS);
    await bench.take();
    expect([await bench.renew(stale), await bench.release(stale)]).toEqual([["lost"], ["lost"]]);
  });
});

describe("order", () => {
  const numbers = Array.from({ length: 100 }, (_, at) => String(at));

  it("is roughly that of the sends where there is none, the same each time", async () => {
    const orders = [];
    for (const seed of [1, 1, 2]) {
      const bench = await Bench.open("sqs", { mechanics: { seed } });
      for (let at = 0; at < 100; at += 10) await bench.send(numbers.slice(at, at + 10));
      orders.push(textsOf(await bench.takeAll()).map(Number));
    }
    const [one, same, other] = orders as [number[], number[], number[]];
    expect(one).toEqual(same);
    expect(one).not.toEqual(other);
    expect(one.toSorted((a, b) => a - b)).toEqual(numbers.map(Number));
    expect(Math.max(...one.map((number, place) => Math.abs(number - place)))).toBeLessThanOrEqual(10);
    expect(one).not.toEqual(numbers.map(Number));
  });

  it("is kept within a key where it is a partition's", async () => {
    const bench = await Bench.open("kafka");
    const frames = numbers.map((text, at) => frame(text, { key: `key-${at % 7}` }));
    await bench.send(frames);
    const got = textsOf(await bench.takeAll()).map(Number);
    for (let key = 0; key < 7; key += 1) {
      const ofKey = got.filter((number) => number % 7 === key);
      expect(ofKey).toEqual(ofKey.toSorted((one, other) => one - other));
    }
    expect(got.length).toBe(100);
  });

  it.each([
    ["strict", { priorityLevels: 11, priorityOrder: "strict", starvationGrants: 0 }, "999990"],
    ["strict with a bound", { priorityLevels: 11, priorityOrder: "strict", starvationGrants: 3 }, "990999"],
    ["mixed", { priorityLevels: 2, priorityOrder: "mixed", starvationGrants: 0 }, "990999"],
    ["none", { priorityLevels: 0, priorityOrder: "none", starvationGrants: 0 }, "099999"],
  ] as const)("follows native priorities: %s", async (_, profile, expected) => {
    const bench = await Bench.open("rabbitmq", { profile });
    const priorities = [0, 9, 9, 9, 9, 9];
    await bench.send(priorities.map((priority, at) => frame(`${priority}${at}`, { priority })));
    expect(
      textsOf(await bench.takeAll())
        .map((text) => text[0])
        .join(""),
    ).toBe(expected);
  });

  it("puts what comes back without its priority before all others", async () => {
    const profile = { priorityLevels: 11, priorityOrder: "strict", requeueKeepsPriority: false } as const;
    const bench = await Bench.open("rabbitmq", { profile });
    await bench.send([frame("low", { priority: 1 })]);
    const held = await bench.take({ max: 1 });
    await bench.send([frame("high", { priority: 9 })]);
    await bench.release(held);
    expect(textsOf(await bench.takeAll())).toEqual(["low", "high"]);
  });
});

describe("facts", () => {
  it.each([
    ["ü", "MISMATCH"],
    ["\u0000", "MISMATCH"],
    ["", "MISMATCH"],
    ["tab\tand\r\nline ~", "ok"],
  ])("a text wire takes printable ASCII only: %j", async (text, expected) => {
    const bench = await Bench.open("sqs");
    const [outcome] = await bench.send([frame("id", { bytes: Buffer.from(text) })]);
    expect(String(outcome).split(":")[0]).toBe(expected);
  });

  it("no more is held than the in-flight bound says", async () => {
    const bench = await Bench.open("sqs", { profile: { limits: { inFlight: 3 } } });
    await bench.send(["a", "b", "c", "d", "e"]);
    const held = await bench.takeAll();
    expect(held.length).toBe(3);
    await bench.ack(held.slice(0, 1));
    expect((await bench.takeAll()).length).toBe(1);
  });

  it("a poll brings ten at most: sqs", async () => {
    const bench = await Bench.open("sqs");
    for (let at = 0; at < 3; at += 1) await bench.send(Array.from({ length: 10 }, (_, index) => `${at}-${index}`));
    expect((await bench.take({ max: 25 })).length).toBe(10);
  });

  it("what nobody reads goes after the retention", async () => {
    const bench = await Bench.open("sqs", { profile: { retentionMs: 10_000 } });
    await bench.send(["old"]);
    await bench.clock.advance(6_000);
    await bench.send(["new"]);
    await bench.clock.advance(4_000);
    expect(textsOf(await bench.takeAll())).toEqual(["new"]);
  });

  it.each(those(({ knowsGone }) => knowsGone))(
    "a reply queue outlives its reader for so long: %s",
    async (character) => {
      const bench = await Bench.open(character, { profile: { replyRetentionMs: 60_000 } });
      const reply = { role: "reply", name: "c9", of: "default" } as const;
      const reader = await bench.another(reply);
      expect(await bench.send(["a"], reply)).toEqual(["ok"]);
      await bench.until(reader.close());
      await bench.clock.advance(59_000);
      expect(await bench.send(["b"], reply)).toEqual(["ok"]);
      await bench.clock.advance(1_000);
      expect(await bench.send(["c"], reply)).toEqual(["gone"]);
    },
  );

  it("a bound on frames is a bound on first sends", async () => {
    const bench = await Bench.open("redis", { maxTasks: 1 });
    const copy = frame("copy", { first: false });
    expect(await bench.send(["a", "b", copy])).toEqual(["ok", expect.stringContaining("QUEUE_FULL"), "ok"]);
  });

  it.each([
    [{ character: "postgres" }, /character "postgres" is not known; there are redis, sqs, rabbitmq, kafka/],
    [{ profile: { fence: "strict" } }, /profile: unknown option fence/],
    [{ profile: { limits: { frames: 1 } } }, /profile.limits: unknown option frames/],
    [{ mechanics: { partition: 3 } }, /unknown option partition; did you mean partitions/],
    [{ mechanics: { partitions: 0 } }, /mechanics.partitions is 0/],
    [
      { character: "kafka", profile: { sendDelayMs: 5, priorityLevels: 11 } },
      /cannot have sendDelayMs 5, priorityLevels 11/,
    ],
    [{ character: "redis", profile: { sharing: "partition" } }, /sharing partition cannot have lease/],
  ])("that no world has are refused: %j", (options, message) => {
    const make = memory as (options: object) => unknown;
    expect(() => make(options)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringMatching(message) }),
    );
  });
});

describe("a move", () => {
  it("acks and sends in one step, or does nothing", async () => {
    const bench = await Bench.open("redis");
    await bench.send(["a", "b"]);
    const [a, b] = (await bench.takeAll()) as [Delivery, Delivery];
    const move = async (receipts: readonly Delivery[], texts: readonly string[], queue = WORK) => {
      const sends = texts.map((text) => ({ queue, frame: frame(text, { first: false }) }));
      const acks = receipts.map(({ receipt }) => ({ receipt, ack: true }));
      return (await bench.until(bench.first.move?.([{ receipts: acks, sends }], never) ?? Promise.reject()))[0];
    };
    const gone = { role: "reply", name: "nobody", of: "default" } as const;
    expect(await move([a, b], ["x"], gone)).toEqual({ gone: [gone] });
    expect(await bench.renew([a, b])).toEqual(["ok", "ok"]);
    expect(await move([a], ["a2"])).toBe("ok");
    expect(await move([a, b], ["b2"])).toEqual({ lost: [a.receipt] });
    expect(textsOf(await bench.takeAll())).toEqual(["a2"]);
    expect(await bench.ack(b)).toEqual(["ok"]);
  });
});
