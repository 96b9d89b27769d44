import { VirtualClock } from "@org/dispatch-core";
import type { Backend, Delivery, Queue } from "@org/dispatch-core/contract";
import { memory } from "@org/dispatch-core/memory";
import { describe, expect, it } from "vitest";
import { frameOf, never, textsOf } from "../world/bare.ts";
import { dropping } from "./dropping.ts";
import { duplicate } from "./duplicate.ts";
import { countingGrants, withFacts, without } from "./facts.ts";
import { flaky } from "./flaky.ts";
import { lostSession } from "./lost-session.ts";
import { slow } from "./slow.ts";
import { FaultError, wrap } from "./wrap.ts";

const WORK: Queue = { role: "work", name: "normal", of: "q" };
const want = { max: 10, waitMs: 0, leaseMs: 1_000 };

const opened = async (decorate: (backend: Backend) => Backend) => {
  const clock = new VirtualClock();
  const backend = decorate(memory());
  await backend.open({ receive: [WORK], send: [], create: true, leaseMs: 1_000, clock }, never);
  const send = (...texts: string[]) =>
    backend.send(
      WORK,
      texts.map((text) => frameOf(text)),
      never,
    );
  const receive = () => backend.receive(WORK, want, never);
  const moveCopy = (held: Delivery, text: string) =>
    backend.move?.(
      [
        {
          receipts: [{ receipt: held.receipt, ack: true }],
          sends: [{ queue: WORK, frame: frameOf(text, { first: false }) }],
        },
      ],
      never,
    );
  return { clock, backend, send, receive, moveCopy };
};

describe("wrap", () => {
  it("hands every verb on, and has no more verbs than what it wraps", async () => {
    const { backend, send, receive } = await opened((inner) => wrap(without(inner, "move", "browse")));
    expect([backend.move, backend.browse]).toEqual([undefined, undefined]);
    expect(await send("a")).toEqual(["ok"]);
    expect(textsOf(await receive())).toEqual(["a"]);
    expect(await backend.depth?.(WORK, never)).toMatchObject({ ready: 0, leased: 1 });
  });
});

describe("facts", () => {
  it("change the profile, and hide a verb there, too", async () => {
    const { backend } = await opened((inner) => without(withFacts(inner, { order: "none" }), "move"));
    expect(backend.profile.order).toBe("none");
    expect(backend.profile.verbs).toEqual(["depth", "browse", "purge", "remove"]);
    expect("move" in backend).toBe(false);
  });

  it("that take something away are kept to: the frame that is forbidden is refused, those beside it are not", async () => {
    const { backend, receive } = await opened((inner) =>
      withFacts(inner, {
        sendDelayMs: 100,
        releaseDelayMs: 0,
        limits: { ...inner.profile.limits, frameBytes: 3, batchFrames: 4, batchBytes: 6 },
      }),
    );
    const frames = [frameOf("a"), frameOf("b", { delayMs: 101 }), frameOf("c", { delayMs: 100 })];
    const outcomes = await backend.send(WORK, frames, never);
    expect(outcomes).toEqual(["ok", { failed: expect.any(FaultError) }, "ok"]);
    expect(await backend.send(WORK, [frameOf("long")], never)).toEqual([{ failed: expect.any(FaultError) }]);
    await expect(
      backend.send(
        WORK,
        ["1", "2", "3", "4", "5"].map((text) => frameOf(text)),
        never,
      ),
    ).rejects.toThrow("5");
    await expect(backend.send(WORK, [frameOf("123"), frameOf("1234")], never)).rejects.toThrow("7");
    const [held] = await receive();
    const receipt = (held as Delivery).receipt;
    const settle = (delayMs: number) => backend.settle([{ kind: "release", receipt, delayMs }], never);
    expect(await settle(1)).toEqual([{ failed: expect.any(FaultError) }]);
    expect(await settle(0)).toEqual(["ok"]);
  });

  it("without priorities hands out in the order of the sends", async () => {
    const { backend, receive } = await opened((inner) =>
      withFacts(inner, { priorityLevels: 0, priorityOrder: "none" }),
    );
    await backend.send(WORK, [frameOf("low", { priority: 1 }), frameOf("high", { priority: 9 })], never);
    expect(textsOf(await receive())).toEqual(["low", "high"]);
  });

  it("let no move leave its family", async () => {
    const { backend, send, receive } = await opened((inner) => withFacts(inner, {}));
    await send("a");
    const [held] = await receive();
    const receipts = [{ receipt: (held as Delivery).receipt, ack: true }];
    const to = (queue: Queue) => backend.move?.([{ receipts, sends: [{ queue, frame: frameOf("b") }] }], never);
    expect(await to({ role: "tier", name: "100", of: "" })).toEqual([{ failed: expect.any(FaultError) }]);
    expect(await to({ role: "later", name: "later", of: "q" })).toEqual(["ok"]);
  });

  it("counting grants: a release counts, too", async () => {
    const { backend, send, receive } = await opened(countingGrants);
    await send("a");
    const counts: number[] = [];
    for (let grant = 0; grant < 3; grant += 1) {
      const [held] = (await receive()) as [Delivery];
      counts.push(held.redelivery);
      await backend.settle([{ kind: "release", receipt: held.receipt, delayMs: 0 }], never);
    }
    expect(counts).toEqual([0, 1, 2]);
  });
});

describe("flaky", () => {
  it("fails every nth call, in turns before and after it took effect", async () => {
    const { backend, send } = await opened((inner) => flaky(inner, { every: 2, verbs: ["send"], code: "THROTTLED" }));
    const seen: unknown[] = [];
    for (const text of ["a", "b", "c", "d"]) {
      await send(text).then(
        (outcomes) => seen.push(outcomes[0]),
        (error: unknown) => seen.push(backend.classify(error).code),
      );
    }
    expect(seen).toEqual(["ok", "THROTTLED", "ok", "THROTTLED"]);
    expect(textsOf(await backend.receive(WORK, want, never))).toEqual(["a", "c", "d"]);
  });
});

describe("slow", () => {
  it("lets each call take so long on the clock that open was given", async () => {
    const { clock, send } = await opened((inner) => slow(inner, { ms: 100 }));
    let answeredAt: number | undefined;
    void send("a").then(() => {
      answeredAt = clock.now();
    });
    await clock.advance(1_000);
    expect(answeredAt).toBe(100);
  });
});

describe("duplicate and dropping", () => {
  it("bring a frame twice, sent or moved", async () => {
    const { send, receive, moveCopy } = await opened((inner) =>
      duplicate(inner, { which: (_, { id }) => id !== "once", regardless: true }),
    );
    expect(await send("once", "twice")).toEqual(["ok", "ok"]);
    const [once, ...rest] = (await receive()) as [Delivery, ...Delivery[]];
    expect(textsOf(rest)).toEqual(["twice", "twice"]);
    expect(await moveCopy(once, "moved")).toEqual(["ok"]);
    expect(textsOf(await receive())).toEqual(["moved", "moved"]);
  });

  it("bring it once where the broker tells the second one from the first", async () => {
    const { send, receive, moveCopy } = await opened((inner) => duplicate(inner));
    expect(await send("a", "b")).toEqual(["ok", "ok"]);
    const [a, ...rest] = (await receive()) as [Delivery, ...Delivery[]];
    expect(textsOf(rest)).toEqual(["b"]);
    expect(await moveCopy(a, "moved")).toEqual(["ok"]);
    expect(textsOf(await receive())).toEqual(["moved"]);
  });

  it("lose a frame and say ok, sent or moved", async () => {
    const { send, receive, moveCopy } = await opened((inner) => dropping(inner, (_, { id }) => id.startsWith("lost")));
    expect(await send("a", "lost-1", "b", "lost-2")).toEqual(["ok", "ok", "ok", "ok"]);
    const [a, b] = (await receive()) as [Delivery, Delivery];
    expect(textsOf([a, b])).toEqual(["a", "b"]);
    expect(await moveCopy(a, "lost-3")).toEqual(["ok"]);
    expect(await receive()).toEqual([]);
  });
});

describe("lostSession", () => {
  it("lets one write take effect, loses its answer, and everything for a while", async () => {
    let now = 0;
    const session = lostSession({ now: () => now, forMs: 100 });
    const done: string[] = [];
    const call = (verb: "settle" | "move" | "renew") =>
      session({ verb, args: [], proceed: async () => void done.push(`${verb} at ${now}`) }).catch(
        (error: unknown) => error,
      );
    await call("renew");
    expect(await call("move")).toBeInstanceOf(FaultError);
    now = 99;
    expect(await call("renew")).toBeInstanceOf(FaultError);
    now = 100;
    await call("settle");
    expect(done).toEqual(["renew at 0", "move at 0", "settle at 100"]);
  });
});
