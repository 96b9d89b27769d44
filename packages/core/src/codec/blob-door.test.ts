import { describe, expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import type { BlobStore } from "../contract/blob-store.ts";
import { DispatchError } from "../errors.ts";
import { BlobDoor } from "./blob-door.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const BYTES = Buffer.from("abc");

/** A store that does what each call is told, in order; the last one for all that follow. */
function stage(...plays: ((signal: AbortSignal) => Promise<unknown>)[]) {
  const clock = new VirtualClock();
  const calls: { verb: string; at: number; signal: AbortSignal }[] = [];
  const play = (verb: string) => (signal: AbortSignal) => {
    calls.push({ verb, at: clock.now(), signal });
    const next = plays[Math.min(calls.length, plays.length) - 1] as (signal: AbortSignal) => Promise<unknown>;
    return next(signal);
  };
  const store: BlobStore = {
    put: (_key, _bytes, _options, signal) => play("put")(signal) as Promise<void>,
    get: (_key, signal) => play("get")(signal) as Promise<Uint8Array | undefined>,
    remove: (_key, signal) => play("remove")(signal) as Promise<void>,
  };
  return { clock, calls, door: new BlobDoor({ store, clock, random: () => 0.5 }) };
}

const fails = (message: string) => () => Promise.reject(new Error(message));
const ok = (value?: unknown) => () => Promise.resolve(value);
const never = () => new Promise<never>(() => {});

/** How a promise ended, as far as it did. */
function watched(promise: Promise<unknown>) {
  const state: { end: unknown } = { end: "open" };
  promise.then(
    (value) => {
      state.end = value;
    },
    (error: unknown) => {
      state.end = error;
    },
  );
  return state;
}

describe("the door to a blob store", () => {
  it("gives what the store says, gone included", async () => {
    const { door } = stage(ok(BYTES), ok(undefined));
    expect(await door.get(KEY, undefined)).toBe(BYTES);
    expect(await door.get(KEY, undefined)).toBeUndefined();
  });

  it("tries again what failed, with growing pauses, until it is done", async () => {
    const { door, clock, calls } = stage(fails("a"), fails("b"), fails("c"), ok(undefined));
    const put = watched(door.put(KEY, BYTES, 1, undefined));
    await clock.advanceUntil(() => put.end !== "open");
    expect(put.end).toBeUndefined();
    expect(calls.map(({ at }) => at)).toEqual([0, 25, 75, 175]);
  });

  it("gives up after 30 s where no time is given, and says why", async () => {
    const { door, clock } = stage(fails("EIO: disk on fire"));
    const put = watched(door.put(KEY, BYTES, 1, undefined));
    await clock.advanceUntil(() => put.end !== "open");
    expect(clock.now()).toBeLessThanOrEqual(30_000);
    expect(clock.now()).toBeGreaterThan(20_000);
    expect(put.end).toMatchObject({ code: "UNAVAILABLE", message: "blob store put: EIO: disk on fire" });
  });

  it("gives a get up after 30 s also where there is a signal: a slot waits for it. A put goes on", async () => {
    const { signal } = new AbortController();
    const { door, clock } = stage(fails("away"));
    const ends = [watched(door.get(KEY, { signal })), watched(door.put(KEY, BYTES, 1, { signal }))];
    await clock.advance(120_000);
    expect(ends).toMatchObject([{ end: { code: "UNAVAILABLE" } }, { end: "open" }]);
  });

  it("keeps to the deadline of its caller", async () => {
    const { door, clock } = stage(fails("x"));
    const got = watched(door.get(KEY, { deadline: 100 }));
    await clock.advanceUntil(() => got.end !== "open");
    expect([clock.now() < 100, (got.end as DispatchError).code]).toEqual([true, "UNAVAILABLE"]);
  });

  it("bounds each try, also of a store that ignores its signal, and tells it so", async () => {
    const { door, clock, calls } = stage(never, ok(BYTES));
    const got = watched(door.get(KEY, undefined));
    await clock.advance(9_999);
    expect([calls.length, calls[0]?.signal.aborted]).toEqual([1, false]);
    await clock.advance(100);
    expect([calls[0]?.signal.aborted, got.end]).toEqual([true, BYTES]);
  });

  it("ends with its caller's signal: while it waits, between two tries, and before it begins", async () => {
    for (const [play, beginsAborted] of [
      [never, false],
      [fails("x"), false],
      [ok(BYTES), true],
    ] as const) {
      const { door, clock, calls } = stage(play);
      const caller = new AbortController();
      if (beginsAborted) caller.abort();
      const got = watched(door.get(KEY, { signal: caller.signal }));
      await clock.settle();
      caller.abort();
      await clock.settle();
      expect(got.end).toBeInstanceOf(DispatchError);
      expect(calls).toHaveLength(beginsAborted ? 0 : 1);
    }
  });

  it("keeps a code of the store's own, and tries again only where that helps", async () => {
    const throttled = () => Promise.reject(new DispatchError("THROTTLED", "full"));
    const denied = () => Promise.reject(new DispatchError("DENIED", "no"));
    const { door, clock, calls } = stage(throttled, denied);
    const put = watched(door.put(KEY, BYTES, 1, undefined));
    await clock.advanceUntil(() => put.end !== "open");
    expect([calls.length, (put.end as DispatchError).code]).toEqual([2, "DENIED"]);
  });

  it("takes a store that throws at once as one that rejects", async () => {
    const { door } = stage(() => {
      throw new TypeError("not a function");
    });
    await expect(door.get(KEY, { deadline: 1 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("removes once, and never throws", async () => {
    const { door, calls } = stage(fails("x"));
    await expect(door.remove(KEY)).resolves.toBeUndefined();
    expect(calls.map(({ verb }) => verb)).toEqual(["remove"]);
  });

  it("leaves no timer behind", async () => {
    const { door, clock } = stage(ok(BYTES));
    await door.get(KEY, undefined);
    expect(await clock.advanceUntil(() => false)).toBe(false);
    expect(clock.now()).toBe(0);
  });
});
