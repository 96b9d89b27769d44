import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import type { Want } from "../contract/index.ts";
import { PollBuffer } from "./poll-buffer.ts";

const never = new AbortController().signal;

/** A buffer whose polls the test answers; unanswered ones bring nothing `lateMs` after their time is over. */
function setUp(pollMs = 20_000, lateMs = 0) {
  const clock = new VirtualClock();
  const polls: { readonly want: Want; bring(...items: string[]): Promise<void>; fail(): Promise<void> }[] = [];
  const log: string[] = [];
  const gone = new Set<string>();
  const unsaid = new Set<string>();
  const buffer = new PollBuffer<string>({
    clock,
    pollMs,
    poll(want) {
      const { promise, resolve, reject } = Promise.withResolvers<string[]>();
      clock.after(want.waitMs + lateMs, () => resolve([]));
      polls.push({
        want,
        bring(...items) {
          resolve(items);
          return clock.settle();
        },
        fail() {
          reject(new Error("away"));
          return clock.settle();
        },
      });
      return promise;
    },
    async renew(items, leaseMs) {
      log.push(`renew ${items.join()} ${leaseMs}`);
      return items.map((item) => (unsaid.has(item) ? { failed: new Error("busy") } : gone.has(item) ? "lost" : "ok"));
    },
    async release(items) {
      log.push(`release ${items.join()}`);
    },
  });
  const receive = (max: number, waitMs = 1_000, signal = never, leaseMs = 3_000) =>
    buffer.receive({ max, waitMs, leaseMs }, signal);
  return { clock, polls, log, gone, unsaid, buffer, receive };
}

describe("a poll buffer", () => {
  it("hands on what a poll brings, and has it renewed only where it waited", async () => {
    const { polls, log, receive } = setUp();
    const waiting = receive(10);
    expect(polls.map(({ want }) => want)).toEqual([{ max: 10, waitMs: 1_000, leaseMs: 3_000 }]);
    await polls[0]?.bring("a", "b");
    expect(await waiting).toEqual(["a", "b"]);
    expect(log).toEqual([]);
  });

  it("answers with nothing when the poll ends so, without another one", async () => {
    const { clock, polls, receive } = setUp();
    const waiting = receive(10);
    await clock.advance(1_000);
    expect(await waiting).toEqual([]);
    expect(polls).toHaveLength(1);
  });

  it("polls again where one poll may not wait as long", async () => {
    const { clock, polls, receive } = setUp(400);
    const waiting = receive(10);
    await clock.advance(1_000);
    expect(await waiting).toEqual([]);
    expect(polls.map(({ want }) => want.waitMs)).toEqual([400, 400, 200]);
  });

  it("ends a receive whose poll has brought what another one took, when its time is over", async () => {
    const { clock, polls, receive } = setUp(20_000, 900);
    const [first, second, third] = [receive(1), receive(1), receive(1, 5_000)];
    await clock.advance(1_200);
    await polls[1]?.bring("a");
    expect(await first).toEqual(["a"]);
    expect(await second).toEqual([]);
    await polls[2]?.bring("b");
    expect(await third).toEqual(["b"]);
  });

  it("lets a receive whose poll has brought what another one took wait for the polls that are left, and no longer than it would", async () => {
    const { clock, polls, receive } = setUp(20_000, 900);
    const controller = new AbortController();
    const [aborted, first] = [receive(1, 20_000, controller.signal), receive(1)];
    const second = receive(1, 5_000);
    controller.abort();
    expect(await aborted).toEqual([]);
    await polls[2]?.bring("a");
    expect(await first).toEqual(["a"]);
    await clock.advance(5_000);
    expect(await second).toEqual([]);
    expect(polls).toHaveLength(3);
  });

  it("ends an aborted receive at once; its poll serves the next one", async () => {
    const { clock, polls, log, receive } = setUp();
    const controller = new AbortController();
    const first = receive(10, 20_000, controller.signal);
    controller.abort();
    expect(await first).toEqual([]);
    const second = receive(10, 5_000);
    await clock.advance(1_000);
    await polls[0]?.bring("a");
    expect(await second).toEqual(["a"]);
    expect(polls).toHaveLength(1);
    expect(log).toEqual([]);
  });

  it("lets nobody wait for an earlier poll longer than they would", async () => {
    const { clock, polls, receive } = setUp();
    const controller = new AbortController();
    const first = receive(10, 20_000, controller.signal);
    controller.abort();
    await first;
    const second = receive(10, 2_000);
    await clock.advance(2_000);
    expect(await second).toEqual([]);
    const third = receive(10, 0);
    expect(polls.map(({ want }) => want.waitMs)).toEqual([20_000, 0]);
    await polls[1]?.bring();
    expect(await third).toEqual([]);
  });

  it("begins a poll for who waited on one that brought nothing", async () => {
    const { clock, polls, receive } = setUp();
    const controller = new AbortController();
    void receive(10, 1_000, controller.signal);
    controller.abort();
    const second = receive(10, 5_000);
    await clock.advance(1_000);
    expect(polls.map(({ want }) => want.waitMs)).toEqual([1_000, 4_000]);
    await polls[1]?.bring("a");
    expect(await second).toEqual(["a"]);
  });

  it("keeps what comes for nobody, and hands on what of it is still held", async () => {
    const { clock, polls, log, gone, receive } = setUp();
    const controller = new AbortController();
    void receive(10, 5_000, controller.signal);
    controller.abort();
    await polls[0]?.bring("a", "b", "c");
    gone.add("a").add("b");
    expect(await receive(2)).toEqual(["c"]);
    expect(log).toEqual(["renew a,b 3000", "renew c 3000"]);
    await clock.advance(10_000);
    expect(polls).toHaveLength(1);
  });

  it("keeps what nobody could say of that it is still held, and says so where there is nothing else", async () => {
    const { polls, log, gone, unsaid, buffer, receive } = setUp();
    const controller = new AbortController();
    void receive(10, 5_000, controller.signal);
    controller.abort();
    await polls[0]?.bring("a", "b", "c");
    gone.add("a");
    unsaid.add("a").add("b");
    expect(await receive(10)).toEqual(["c"]);
    await expect(receive(10)).rejects.toThrow("busy");
    unsaid.delete("a");
    await expect(receive(10)).rejects.toThrow("busy");
    await buffer.end();
    expect(log.slice(2)).toEqual(["renew a,b 3000", "release b"]);
  });

  it("renews what was polled with a shorter lease", async () => {
    const { polls, log, receive } = setUp();
    const controller = new AbortController();
    void receive(10, 5_000, controller.signal);
    controller.abort();
    const second = receive(10, 5_000, never, 9_000);
    await polls[0]?.bring("a");
    expect(await second).toEqual(["a"]);
    expect(log).toEqual(["renew a 9000"]);
  });

  it("never has more polls than receives, and shares what one brings", async () => {
    const { polls, receive } = setUp();
    const both = [receive(2), receive(2)];
    expect(polls).toHaveLength(2);
    await polls[1]?.bring("a", "b", "c");
    expect(await Promise.all(both)).toEqual([["a", "b"], ["c"]]);
    expect(polls).toHaveLength(2);
  });

  it("gives back by max 0 what lies here, and what an aborted poll still brings", async () => {
    const { polls, log, receive } = setUp();
    const controller = new AbortController();
    void receive(1, 5_000, controller.signal);
    void receive(1, 5_000, controller.signal);
    controller.abort();
    await polls[0]?.bring("a");
    expect(await receive(0)).toEqual([]);
    await polls[1]?.bring("b");
    expect(log).toEqual(["release a", "release b"]);
  });

  it("tells one receive of a poll that failed", async () => {
    const { polls, receive } = setUp();
    const first = receive(1);
    const second = receive(1);
    const told = expect(second).rejects.toThrow("away");
    await polls[1]?.fail();
    await told;
    await polls[0]?.bring("a");
    expect(await first).toEqual(["a"]);
  });

  it("waits at its end for its polls, and gives back what they bring", async () => {
    const { clock, polls, log, buffer, receive } = setUp();
    const waiting = receive(1, 5_000);
    let ended = false;
    const end = buffer.end().then(() => {
      ended = true;
    });
    expect(await waiting).toEqual([]);
    await clock.advance(1_000);
    expect(ended).toBe(false);
    await polls[0]?.bring("a");
    await end;
    expect(log).toEqual(["release a"]);
    expect(await receive(1)).toEqual([]);
    expect(polls).toHaveLength(1);
  });

  it("waits for no poll of a queue that has gone", async () => {
    const { polls, log, buffer, receive } = setUp();
    const waiting = receive(1, 5_000);
    buffer.forget();
    expect(await waiting).toEqual([]);
    await buffer.end();
    await polls[0]?.bring("a");
    expect(log).toEqual([]);
  });
});
