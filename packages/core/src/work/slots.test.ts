import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import type { Frame } from "../contract/index.ts";
import { silentLogger } from "../log.ts";
import { frameOf } from "../testing/frames.ts";
import type { HandlerEnd } from "./running.ts";
import { Slots } from "./slots.ts";
import { defineTask, type Task } from "./task.ts";

interface Hold {
  readonly frame: Frame;
  readonly lost: number;
}

class Bench {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly finish = new Map<number, (value?: unknown) => void>();
  readonly unheld = new Set<number>();
  readonly mayNotBegin = new Set<number>();
  readonly badPayload = new Set<number>();
  readonly slots: Slots<Hold>;
  #most = 0;

  constructor(concurrency: number, task: Partial<Task> = {}) {
    const handler = (index: unknown) => {
      this.#most = Math.max(this.#most, this.finish.size + 1);
      return new Promise<unknown>((resolve) =>
        this.finish.set(index as number, (value) => {
          this.finish.delete(index as number);
          resolve(value);
        }),
      );
    };
    const made = { ...defineTask({ handler }), ...task } as Task;
    const say = (what: string, { frame }: Hold, more = "") => this.log.push(`${what} ${frame.first}${more}`);
    this.slots = new Slots<Hold>({
      weights: [1],
      unloaded: () => {},
      clock: this.clock,
      concurrency,
      timeoutMs: 1_000,
      abandonMs: 100,
      logger: silentLogger,
      task: () => made,
      payload: ({ frame: { first } }) =>
        this.badPayload.has(first) ? { bad: "FRAME_INVALID", detail: "damaged" } : { value: first },
      mayBegin: ({ frame }) => !this.mayNotBegin.has(frame.first),
      isHeld: ({ frame }) => !this.unheld.has(frame.first),
      bad: (hold, { bad }) => say("bad", hold, ` ${bad}`),
      started: (hold) => say("started", hold),
      ended: (hold, end, ms) => say("ended", hold, ` ${how(end)} ${ms}`),
      freed: (hold, abandoned) => say("freed", hold, abandoned === undefined ? "" : ` ${abandoned}`),
      progress: () => {},
    });
  }

  get mostAtOnce(): number {
    return this.#most;
  }

  add(...indexes: number[]): Hold[] {
    const holds = indexes.map((index) => ({ frame: frameOf({ index }), lost: 0 }));
    for (const hold of holds) this.slots.add(hold);
    this.slots.fill();
    return holds;
  }

  async end(...indexes: number[]): Promise<void> {
    for (const index of indexes) this.finish.get(index)?.(index);
    await this.clock.settle();
  }
}

function how(end: HandlerEnd): string {
  return end.kind === "stopped" ? end.code : end.kind;
}

describe("Slots", () => {
  it("runs so many at a time, the others in the order in which they came", async () => {
    const bench = new Bench(2);
    bench.add(0, 1, 2, 3, 4);
    expect([bench.slots.running, bench.slots.waiting]).toEqual([2, 3]);
    await bench.end(1);
    await bench.end(0);
    await bench.end(3, 2);
    await bench.end(4);
    expect(bench.log.filter((line) => line.startsWith("started"))).toEqual(
      [0, 1, 2, 3, 4].map((at) => `started ${at}`),
    );
    expect([bench.slots.running, bench.slots.waiting, bench.mostAtOnce]).toEqual([0, 0, 2]);
  });

  it("frees a slot before it gives it on", async () => {
    const bench = new Bench(1);
    bench.add(0, 1);
    await bench.end(0);
    expect(bench.log).toEqual(["started 0", "ended 0 returned 0", "freed 0", "started 1"]);
  });

  it("passes over what may not begin, and over a payload that cannot be read", () => {
    const bench = new Bench(1);
    bench.mayNotBegin.add(0);
    bench.badPayload.add(1);
    bench.add(0, 1, 2);
    expect(bench.log).toEqual(["bad 1 FRAME_INVALID", "started 2"]);
    expect(bench.slots.waiting).toBe(0);
  });

  it("uses the task's own timeout before the worker's", async () => {
    const own = new Bench(1, { timeoutMs: 50 });
    own.add(0);
    await own.clock.advance(50);
    expect(own.log).toContain("ended 0 TIMED_OUT 50");
    const usual = new Bench(1);
    usual.add(0);
    await usual.clock.advance(999);
    expect(usual.log).toEqual(["started 0"]);
    await usual.clock.advance(1);
    expect(usual.log).toContain("ended 0 TIMED_OUT 1000");
  });

  it("counts as zombies what runs and is not held", async () => {
    const bench = new Bench(3);
    const [first] = bench.add(0, 1, 2);
    bench.unheld.add(0).add(2);
    expect(bench.slots.zombies).toBe(2);
    bench.slots.stop((hold) => hold === first, "LEASE_LOST");
    expect(bench.slots.zombies).toBe(2);
    await bench.end(0);
    expect(bench.slots.zombies).toBe(1);
  });

  it("keeps the slot of one that does not return, for abandonMs, then gives it on", async () => {
    const bench = new Bench(1);
    const [first] = bench.add(0, 1);
    bench.slots.stop((hold) => hold === first, "LEASE_LOST");
    await bench.clock.advance(99);
    expect(bench.log).toEqual(["started 0"]);
    await bench.clock.advance(1);
    expect(bench.log).toEqual(["started 0", "freed 0 LEASE_LOST", "started 1"]);
    await bench.end(0);
    expect(bench.slots.running).toBe(1);
  });

  it("stop of one that only waits: it is answered, and does not begin any more", async () => {
    const bench = new Bench(1);
    const [, second] = bench.add(0, 1);
    expect(bench.slots.stop((hold) => hold === second, "LEASE_LOST")).toEqual([second]);
    await bench.end(0);
    expect(bench.log).not.toContain("started 1");
    expect(bench.slots.waiting).toBe(0);
  });

  it("closed: answers what waited, begins nothing, lets the rest end", async () => {
    const bench = new Bench(1);
    const [, second, third] = bench.add(0, 1, 2);
    expect(bench.slots.close()).toEqual([second, third]);
    expect(bench.slots.close()).toEqual([]);
    let empty = false;
    void bench.slots.empty().then(() => {
      empty = true;
    });
    await bench.clock.settle();
    expect(empty).toBe(false);
    await bench.end(0);
    expect(empty).toBe(true);
    bench.add(3);
    expect(bench.log.filter((line) => line.startsWith("started"))).toEqual(["started 0"]);
  });

  it("stopAll tells each that runs", async () => {
    const bench = new Bench(2);
    bench.add(0, 1, 2);
    bench.slots.close();
    bench.slots.stopAll("SHUTTING_DOWN");
    expect(bench.log.slice(2)).toEqual(["ended 0 SHUTTING_DOWN 0", "ended 1 SHUTTING_DOWN 0"]);
    await bench.clock.advance(100);
    await bench.slots.empty();
    expect(bench.log.slice(4)).toEqual(["freed 0 SHUTTING_DOWN", "freed 1 SHUTTING_DOWN"]);
  });

  it("is empty at once when nothing runs", async () => {
    await expect(new Bench(1).slots.empty()).resolves.toBeUndefined();
  });

  it("withdraw takes out what waits, in its order, and leaves what runs", async () => {
    const bench = new Bench(1);
    const holds = bench.add(0, 1, 2, 3);
    const wanted = new Set([holds[0], holds[1], holds[3]]);
    expect(bench.slots.withdraw((hold) => wanted.has(hold))).toEqual([holds[1], holds[3]]);
    expect([bench.slots.waiting, bench.slots.running]).toEqual([1, 1]);
    expect(bench.slots.withdraw((hold) => wanted.has(hold))).toEqual([]);
    await bench.end(0);
    expect(bench.log.filter((line) => line.startsWith("started"))).toEqual(["started 0", "started 2"]);
  });

  it("stop of the tasks of one frame: those that run are told, those that wait are answered, others go on", async () => {
    const bench = new Bench(2);
    const holds = bench.add(0, 1, 2, 3, 4);
    const pack = new Set([holds[0], holds[2], holds[3]]);
    expect(bench.slots.stop((hold) => pack.has(hold), "LEASE_LOST")).toEqual([holds[2], holds[3]]);
    await bench.end(0, 1);
    expect(bench.log.filter((line) => line.startsWith("ended"))).toEqual(["ended 1 returned 0"]);
    expect(bench.log.filter((line) => line.startsWith("started"))).toEqual(["started 0", "started 1", "started 4"]);
  });
});
