import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery, Profile } from "../../contract/index.ts";
import type { MemorySession } from "./session.ts";
import { all, Bench, frame, LEASE_MS, never, textsOf, WORK } from "./testing.ts";

/** One delivery, as a test remembers it. */
interface Held {
  readonly text: string;
  readonly session: MemorySession;
  readonly delivery: Delivery;
  end: "open" | "acked" | "released" | "lost";
}

const which = fc.nat();
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      count: fc.integer({ min: 1, max: 8 }),
      late: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      which,
      max: fc.integer({ min: 1, max: 6 }),
      waitMs: fc.constantFrom(0, 0, 700),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("ack" as const), which, count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("release" as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("renew" as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 200, 999, 1_500, LEASE_MS, 12_000, 25_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("abort", "kill", "freeze", "thaw", "cut", "close", "join", "restart", "outage", "credit"),
      which,
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const MOST_SESSIONS = 5;

/** Random commands on several sessions of one world, and what must hold whatever they are. */
class Trial {
  readonly bench: Bench;
  readonly profile: Profile;
  readonly sent = new Set<string>();
  readonly held: Held[] = [];
  /** Acked with the answer ok; where acks lag, or late ones are ignored, they may come again. */
  readonly done = new Set<string>();
  readonly #frozen = new Set<MemorySession>();
  #sessions: MemorySession[];
  /** What may have lost frames that this test has not seen handed out. */
  #faults = 0;

  constructor(bench: Bench) {
    this.bench = bench;
    this.profile = bench.first.profile;
    this.#sessions = [bench.first];
  }

  async do(one: Step): Promise<void> {
    const session = this.#sessions["which" in one ? one.which % Math.max(1, this.#sessions.length) : 0];
    if (one.do === "pass") await this.bench.clock.advance(one.ms);
    else if (one.do === "join") await this.#join();
    else if (session === undefined || this.#frozen.has(session)) {
      if (one.do === "thaw" && session !== undefined) this.#thaw(session);
    } else if (one.do === "send") await this.#send(session, one.count, one.late);
    else if (one.do === "take") this.#granted(session, await this.#answer(session, one.max, one.waitMs));
    else if (one.do === "abort") await this.#abort(session);
    else if (one.do === "credit") this.#granted(session, await this.#answer(session, 0, 0));
    else if (one.do === "ack" || one.do === "release" || one.do === "renew")
      for (let at = 0; at < ("count" in one ? one.count : 1); at += 1) await this.#settle(one.do, one.which + at);
    else await this.#fault(one.do, session);
  }

  /** Faults stop, and one healthy session is left: everything must come, and be done. */
  async drain(): Promise<void> {
    for (const session of [...this.#frozen]) this.#thaw(session);
    const last = await this.bench.another();
    for (const session of this.#sessions) await this.bench.until(session.close());
    this.#sessions = [last];
    for (let quiet = 0; quiet < 3; ) {
      const got = await this.#answer(last, 50, 30_000);
      quiet = got.length === 0 ? quiet + 1 : 0;
      this.#granted(last, got);
      for (const held of this.held) if (held.session === last) await this.#end("ack", held);
    }
    expect([...this.sent].filter((text) => !this.done.has(text))).toEqual([]);
  }

  async #join(): Promise<void> {
    if (this.#sessions.length < MOST_SESSIONS) this.#sessions.push(await this.bench.another());
  }

  async #send(session: MemorySession, count: number, late: boolean): Promise<void> {
    const delayMs = late && this.profile.sendDelayMs > 0 ? 2_000 : 0;
    const texts = Array.from({ length: count }, (_, at) => `frame-${this.sent.size + at}`);
    const frames = texts.map((text) => frame(text, { delayMs }));
    const outcomes = await this.bench.until(session.send(WORK, frames, never).catch(() => []));
    for (const [at, outcome] of outcomes.entries()) {
      expect(outcome).toBe("ok");
      this.sent.add(texts[at] as string);
    }
  }

  async #answer(session: MemorySession, max: number, waitMs: number): Promise<readonly Delivery[]> {
    const answer = session.receive(WORK, { max, waitMs, leaseMs: LEASE_MS }, never).catch(() => []);
    const got = await this.bench.until(answer);
    expect(got.length).toBeLessThanOrEqual(max);
    return got;
  }

  async #abort(session: MemorySession): Promise<void> {
    const controller = new AbortController();
    const want = { max: 4, waitMs: 5_000, leaseMs: LEASE_MS };
    const answer = session.receive(WORK, want, controller.signal).catch(() => []);
    await this.bench.clock.settle();
    controller.abort();
    this.#granted(session, await this.bench.until(answer));
  }

  #granted(session: MemorySession, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const [text] = textsOf([delivery]) as [string];
      expect(this.sent).toContain(text);
      const before = this.held.filter((one) => one.text === text);
      const { redelivery, fencing, ackLagMs } = this.profile;
      // A strict broker without lag never brings again what it has said to be done.
      if (fencing === "strict" && ackLagMs === 0) expect(before.some(({ end }) => end === "acked")).toBe(false);
      if (redelivery === "grants") expect(delivery.redelivery).toBeGreaterThanOrEqual(before.length);
      else {
        const lost = before.filter(({ end }) => end !== "released").length;
        expect(delivery.redelivery).toBeLessThanOrEqual(lost + this.#faults);
      }
      if (redelivery === "once") expect(delivery.redelivery).toBeLessThanOrEqual(1);
      for (const one of before) if (one.end === "open") one.end = "lost";
      this.held.push({ text, session, delivery, end: "open" });
    }
  }

  async #settle(verb: "ack" | "release" | "renew", at: number): Promise<void> {
    const held = this.held[at % Math.max(1, this.held.length)];
    if (held !== undefined && this.#sessions.includes(held.session) && !this.#frozen.has(held.session))
      await this.#end(verb, held);
  }

  async #end(verb: "ack" | "release" | "renew", held: Held): Promise<void> {
    const { session, delivery } = held;
    const { receipt } = delivery;
    const answer =
      verb === "renew"
        ? session.renew([receipt], LEASE_MS, never)
        : session.settle([verb === "ack" ? { kind: "ack", receipt } : { kind: "release", receipt, delayMs: 0 }], never);
    const [outcome] = await this.bench.until(answer.catch(() => ["unavailable"]));
    const wasOver = held.end !== "open";
    // Nobody but the current holder is heard; a broker that fences at best effort may say so only of renewals and releases.
    if (wasOver && (verb !== "ack" || this.profile.fencing !== "best-effort")) expect(outcome).not.toBe("ok");
    if (outcome !== "ok" || verb === "renew") return;
    if (verb === "ack") this.done.add(held.text);
    if (!wasOver) held.end = verb === "ack" ? "acked" : "released";
  }

  #thaw(session: MemorySession): void {
    this.#frozen.delete(session);
    session.thaw();
  }

  async #fault(kind: string, session: MemorySession): Promise<void> {
    this.#faults += 1;
    if (kind === "kill") {
      session.kill();
      this.#sessions = this.#sessions.filter((one) => one !== session);
    } else if (kind === "freeze") {
      this.#frozen.add(session);
      session.freeze();
    } else if (kind === "cut") session.cut();
    else if (kind === "close") {
      this.#sessions = this.#sessions.filter((one) => one !== session);
      await this.bench.until(session.close());
    } else if (kind === "restart") session.restart();
    else if (kind === "outage") {
      session.stopBroker();
      await this.bench.clock.advance(4_000);
      session.startBroker();
    }
  }
}

describe("a world with several sessions", () => {
  it.each(all)(
    "loses nothing, hears nobody but the holder, and counts as its profile says: %s",
    async (character) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 50, size: "max" }),
          fc.integer({ min: 1, max: 3 }),
          async (steps, partitions) => {
            const trial = new Trial(
              await Bench.open(character, { mechanics: { partitions, pushLagMs: partitions - 1 } }),
            );
            for (const one of steps) await trial.do(one);
            await trial.drain();
          },
        ),
        { numRuns: Number(process.env.MODEL_RUNS ?? 60) },
      );
    },
    120_000,
  );
});
