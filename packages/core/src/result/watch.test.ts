import { describe, expect, it } from "vitest";
import type { Beat } from "../contract/index.ts";
import { RUN } from "../testing/frames.ts";
import { Watch } from "./watch.ts";

const TIMEOUT_MS = 1_000;

function beat(worker: string, held: number | undefined): Beat {
  const places = held === undefined ? undefined : Array.from({ length: held }, (_, index) => [RUN, index] as const);
  return { worker, slots: 10, busy: 1, held: places, retries: [], progress: [] };
}

describe("Watch", () => {
  it("knows the workers that have something in hand", () => {
    const watch = new Watch(TIMEOUT_MS);
    watch.beat(beat("a", 2), 0);
    watch.beat(beat("b", 1), 0);
    watch.beat(beat("c", 0), 0);
    expect(watch.active(0)).toBe(2);
    watch.beat(beat("a", 0), 10);
    expect(watch.active(10)).toBe(1);
  });

  it("counts who brings results, though it has nothing in hand whenever it beats, until it says so or nothing for too long", () => {
    const watch = new Watch(TIMEOUT_MS);
    watch.beat(beat("a", 0), 0);
    expect(watch.active(0)).toBe(0);
    watch.alive("a", 100);
    watch.alive("b", 100);
    expect(watch.active(1_099)).toBe(2);
    expect(watch.active(1_100)).toBe(0);
    watch.alive("a", 1_200);
    watch.beat(beat("a", 0), 1_300);
    expect(watch.active(1_300)).toBe(0);
  });

  it("says once who has been silent for too long, with what it had", () => {
    const watch = new Watch(TIMEOUT_MS);
    watch.beat(beat("a", 2), 0);
    watch.beat(beat("a", 3), 500);
    watch.beat(beat("b", 1), 600);
    expect(watch.silent(1_499)).toEqual([]);
    expect(watch.silent(1_500)).toEqual([{ workerId: "a", silentMs: 1_000, held: 3 }]);
    expect(watch.silent(1_500)).toEqual([]);
    expect(watch.active(1_500)).toBe(1);
  });

  it.each<[string, (watch: Watch) => void]>([
    ["a result", (watch) => watch.alive("a", 900)],
    ["a beat that only brings news", (watch) => watch.beat(beat("a", undefined), 900)],
  ])("takes %s as a sign of life", (_, live) => {
    const watch = new Watch(TIMEOUT_MS);
    watch.beat(beat("a", 1), 0);
    live(watch);
    expect(watch.silent(1_899)).toEqual([]);
    expect(watch.silent(1_900)).toEqual([{ workerId: "a", silentMs: 1_000, held: 1 }]);
  });

  it("does not begin to watch for a result, nor call one silent that said it has nothing", () => {
    const watch = new Watch(TIMEOUT_MS);
    watch.alive("a", 0);
    watch.beat(beat("b", 1), 0);
    watch.beat(beat("b", 0), 1);
    expect(watch.silent(100_000)).toEqual([]);
  });

  it("forgets who is gone with every look, though nobody asks how many there are", () => {
    const watch = new Watch(TIMEOUT_MS);
    for (const worker of ["a", "b", "c"]) watch.alive(worker, 0);
    watch.alive("d", 500);
    watch.silent(1_000);
    // As of a time at which all of them would count: what is still known of them.
    expect(watch.sharing(500)).toBe(1);
  });

  it("watches one again that comes back", () => {
    const watch = new Watch(TIMEOUT_MS);
    watch.beat(beat("a", 1), 0);
    watch.silent(2_000);
    watch.beat(beat("a", 1), 2_500);
    expect(watch.active(2_500)).toBe(1);
  });

  it("shares among those that have said anything of late, whatever it was", () => {
    const watch = new Watch(TIMEOUT_MS);
    expect(watch.sharing(0)).toBe(0);
    watch.beat(beat("a", 2), 0);
    watch.beat(beat("b", 0), 0);
    watch.beat(beat("c", undefined), 0);
    watch.alive("d", 500);
    watch.alive("d", 600);
    expect([watch.sharing(999), watch.active(999)]).toEqual([4, 3]);
    expect(watch.sharing(1_000)).toBe(1);
    expect(watch.sharing(1_599)).toBe(1);
    expect(watch.sharing(1_600)).toBe(0);
    watch.alive("a", 2_000);
    expect(watch.sharing(2_000)).toBe(1);
  });
});
