import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery, Receipt } from "../contract/index.ts";
import { frame, textsOf, WORK, World } from "./testing.ts";

interface Copy {
  readonly text: string;
  readonly level: number;
  sequence: number;
  state: "ready" | "leased" | "delayed" | "acked";
  untilMs: number;
  redelivery: number;
  receipt: Receipt | undefined;
}

/** What a queue should do, as plainly as it can be said. */
class Model {
  nowMs = 0;
  readonly all: Copy[] = [];
  #sequence = 0;
  #passed = 0;

  send(level: number, delayMs: number): string {
    const text = `${this.all.length}`;
    const state = delayMs > 0 ? "delayed" : "ready";
    const sequence = this.#next();
    const untilMs = this.nowMs + delayMs;
    this.all.push({ text, level, sequence, state, untilMs, redelivery: 0, receipt: undefined });
    return text;
  }

  receive(max: number, leaseMs: number): Copy[] {
    const got: Copy[] = [];
    while (got.length < max) {
      const next = this.#turn();
      if (next === undefined) break;
      Object.assign(next, { state: "leased", untilMs: this.nowMs + leaseMs });
      got.push(next);
    }
    return got;
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const one of this.of("leased")) {
      if (one.untilMs <= this.nowMs) Object.assign(one, { state: "ready", redelivery: one.redelivery + 1 });
    }
    const due = this.of("delayed").filter(({ untilMs }) => untilMs <= this.nowMs);
    due.sort((one, other) => one.untilMs - other.untilMs || one.sequence - other.sequence);
    for (const one of due) Object.assign(one, { state: "ready", sequence: this.#next() });
  }

  of(state: Copy["state"]): Copy[] {
    return this.all.filter((one) => one.state === state);
  }

  #turn(): Copy | undefined {
    const ready = this.of("ready").sort((one, other) => other.level - one.level || one.sequence - other.sequence);
    this.#passed = new Set(ready.map(({ level }) => level)).size > 1 ? this.#passed + 1 : 0;
    if (this.#passed < 16) return ready[0];
    this.#passed = 0;
    return ready.sort((one, other) => one.sequence - other.sequence)[0];
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }
}

const ms = fc.integer({ min: 1, max: 60 });
/** Which of the receipts handed out so far; old ones too. */
const which = fc.array(fc.nat(), { maxLength: 6 });
const step = fc.oneof(
  fc.record({
    do: fc.constant("send" as const),
    frames: fc.array(fc.tuple(fc.constantFrom(0, 5, 5, 10), fc.constantFrom(0, 0, 0, 15, 40)), {
      maxLength: 12,
      size: "max",
    }),
  }),
  fc.record({ do: fc.constant("receive" as const), max: fc.integer({ min: 0, max: 25 }), leaseMs: ms }),
  fc.record({ do: fc.constant("renew" as const), which, leaseMs: ms }),
  fc.record({ do: fc.constant("ack" as const), which }),
  fc.record({ do: fc.constant("release" as const), which, delayMs: fc.constantFrom(0, 0, 20) }),
  fc.record({ do: fc.constant("advance" as const), ms }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Does a step on both, and compares what they say. */
async function both(world: World, model: Model, given: (readonly [Receipt, Copy])[], one: Step): Promise<void> {
  if (one.do === "send") {
    const frames = one.frames.map(([priority, delayMs]) => frame(model.send(priority, delayMs), { priority, delayMs }));
    expect(await world.send(frames)).toEqual(frames.map(() => "ok"));
  } else if (one.do === "receive") {
    const copies = model.receive(one.max, one.leaseMs);
    const deliveries = await world.receive({ max: one.max, leaseMs: one.leaseMs });
    const counts = deliveries.map(({ redelivery }) => redelivery);
    expect(textsOf(deliveries)).toEqual(copies.map(({ text }) => text));
    expect(counts).toEqual(copies.map(({ redelivery }) => redelivery));
    for (const [at, copy] of copies.entries()) {
      const { receipt } = deliveries[at] as Delivery;
      copy.receipt = receipt;
      given.push([receipt, copy]);
    }
  } else if (one.do === "advance") {
    model.advance(one.ms);
    await world.clock.advance(one.ms);
  } else {
    const chosen = given.length === 0 ? [] : one.which.map((at) => given[at % given.length] as (typeof given)[number]);
    const expected = chosen.map(([receipt, copy]) => {
      if (copy.state !== "leased" || copy.receipt !== receipt) return "lost";
      if (one.do === "ack") copy.state = "acked";
      else if (one.do === "renew") copy.untilMs = Math.max(copy.untilMs, model.nowMs + one.leaseMs);
      else Object.assign(copy, { state: one.delayMs > 0 ? "delayed" : "ready", untilMs: model.nowMs + one.delayMs });
      return "ok";
    });
    const receipts = chosen.map(([receipt]) => receipt);
    if (one.do === "ack") expect(await world.ack(...receipts)).toEqual(expected);
    else if (one.do === "renew") expect(await world.renew(one.leaseMs, ...receipts)).toEqual(expected);
    else expect(await world.release(one.delayMs, ...receipts)).toEqual(expected);
  }
}

describe("one queue", () => {
  it("does what the model does, step by step", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), async (steps) => {
        const world = await World.open();
        const model = new Model();
        const given: (readonly [Receipt, Copy])[] = [];
        for (const one of steps) await both(world, model, given, one);
        const [ready, leased, delayed] = (["ready", "leased", "delayed"] as const).map(
          (state) => model.of(state).length,
        );
        expect(await world.depth()).toBe(`${ready}/${leased}/${delayed}`);
        expect(world.clock.set.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("gives each frame to one holder at a time, and loses none, with receivers that wait, abort, crash and release", async () => {
    const fate = fc.constantFrom("ack", "ack", "release", "delay", "crash");
    const receiver = fc.record({
      max: fc.integer({ min: 1, max: 7 }),
      waitMs: fc.integer({ min: 1, max: 50 }),
      abortAfterMs: fc.option(fc.integer({ min: 0, max: 40 })),
      fates: fc.array(fate, { minLength: 1, maxLength: 9 }),
    });
    const sends = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 5 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(receiver, { minLength: 1, maxLength: 6 }), sends, async (receivers, batches) => {
        const world = await World.open();
        const heldUntilMs = new Map<string, number>();
        const acked: string[] = [];
        let total = 0;
        let rounds = 0;
        const isDone = () => sent && acked.length === total;
        let sent = false;
        const loop = async ({ max, waitMs, abortAfterMs, fates }: (typeof receivers)[number]) => {
          while (!isDone()) {
            rounds += 1;
            const abort = new AbortController();
            if (abortAfterMs !== null) world.clock.after(abortAfterMs + rounds, () => abort.abort());
            const got = await world.receive({ max, waitMs, leaseMs: 25 }, WORK, abort.signal);
            expect(got.length).toBeLessThanOrEqual(max);
            for (const { receipt, bytes } of got) {
              const [text] = textsOf([{ bytes }]) as [string];
              expect(heldUntilMs.get(text) ?? 0).toBeLessThanOrEqual(world.clock.now());
              heldUntilMs.set(text, world.clock.now() + 25);
              const end = rounds > 200 ? "ack" : fates[(rounds + text.length) % fates.length];
              if (end === "crash") continue;
              heldUntilMs.delete(text);
              const done = end === "ack" ? world.ack(receipt) : world.release(end === "delay" ? 10 : 0, receipt);
              if (end === "ack") acked.push(text);
              expect(await done).toEqual(["ok"]);
            }
          }
        };
        const loops = Promise.all(receivers.map(loop));
        // Looked at below; a loop that fails early must not be unhandled until then.
        loops.catch(() => undefined);
        for (const [afterMs, count] of batches) {
          await world.clock.advance(afterMs);
          await world.send(Array.from({ length: count }, () => `${total++}`));
        }
        sent = true;
        await world.clock.advanceUntil(isDone, 100_000);
        await world.backend.close();
        await loops;
        expect(acked.map(Number).sort((one, other) => one - other)).toEqual(
          Array.from({ length: total }, (_, at) => at),
        );
      }),
      { numRuns: 60 },
    );
  }, 30_000);
});
