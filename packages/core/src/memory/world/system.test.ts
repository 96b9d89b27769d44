import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../clock.ts";
import { Dispatcher } from "../../dispatcher.ts";
import { defineTask } from "../../work/task.ts";
import { Worker } from "../../worker.ts";
import { memory } from "../index.ts";
import type { MemorySession } from "./session.ts";
import { all, LEASE_MS } from "./testing.ts";

/** Core on a world of several sessions: a dispatcher, and workers as other processes would be. */
class Processes {
  readonly clock = new VirtualClock();
  readonly first: MemorySession;
  readonly #common = { clock: this.clock, random: () => 0.5, leaseMs: LEASE_MS };

  constructor(character: (typeof all)[number]) {
    // Polls and drains that end soon; detection within a lease or two.
    const { lease } = memory({ character }).profile;
    const fast = lease.kind === "session" ? { lease: { ...lease, detectionMs: 2_000 } } : {};
    this.first = memory({ character, profile: { ...fast, ...(lease.kind === "timed" ? { pollMs: 0 } : {}) } });
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    if (!(await this.clock.advanceUntil(() => settled))) throw new Error("it never settles");
    return promise;
  }

  dispatcher(): Promise<Dispatcher> {
    return this.until(Dispatcher.open(this.first, this.#common));
  }

  async worker(takesMs: number, seen: number[] = []): Promise<[MemorySession, Worker]> {
    const session = this.first.session();
    const handler = async (n: number) => {
      seen.push(n);
      await new Promise<void>((resolve) => void this.clock.after(takesMs, resolve));
      return n;
    };
    const options = { ...this.#common, concurrency: 4, drainMs: 1_000 };
    return [session, await this.until(Worker.start(session, [defineTask({ name: "default", handler })], options))];
  }
}

describe.each(all)("core on memory as %s, each process with its own session", (character) => {
  it("completes a run, with one outcome for each task, while workers come, stop and die", async () => {
    const processes = new Processes(character);
    const dispatcher = await processes.dispatcher();
    const [dying] = await processes.worker(400);
    const [, leaving] = await processes.worker(400);
    await processes.worker(400);
    const run = dispatcher.run<number, number>("default", Array(60).keys());
    const results = run.results();
    await processes.clock.advance(1_000);
    dying.kill();
    await processes.until(leaving.stop());
    await processes.worker(400);
    const all = await processes.until(results);
    expect(all.map(({ index }) => index).sort((one, other) => one - other)).toEqual([...Array(60).keys()]);
    expect(all.every(({ outcome, value, index }) => outcome === "completed" && value === index)).toBe(true);
  });

  it("goes on by itself after the broker was away, and after it was restarted", async () => {
    const processes = new Processes(character);
    const dispatcher = await processes.dispatcher();
    await processes.worker(400);
    const run = dispatcher.run<number, number>("default", Array(40).keys());
    const results = run.results();
    await processes.clock.advance(1_000);
    processes.first.stopBroker();
    await processes.clock.advance(30_000);
    processes.first.startBroker();
    await processes.clock.advance(1_000);
    processes.first.restart();
    const all = await processes.until(results);
    expect(all.every(({ outcome }) => outcome === "completed")).toBe(true);
    expect(new Set(all.map(({ index }) => index)).size).toBe(40);
  });
});
