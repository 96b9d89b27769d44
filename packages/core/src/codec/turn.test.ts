import { expect, it } from "vitest";
import { Turn } from "./turn.ts";

/** A clock on which work takes the time that it says, and turns are taken by hand. */
function stage() {
  let now = 0;
  const soon: (() => void)[] = [];
  const done: string[] = [];
  const turn = new Turn({ now: () => now, soon: (run) => void soon.push(run) });
  const work = (name: string, ms: number) =>
    turn.spend(() => {
      now += ms;
      done.push(name);
      return name;
    });
  return { turn, work, done, next: () => soon.splice(0).forEach((run) => void run()), planned: () => soon.length };
}

it("does at once what fits into 10 ms of a turn, and what goes over by a piece", () => {
  const { work, done } = stage();
  expect([work("a", 4), work("b", 5), work("c", 3)]).toEqual(["a", "b", "c"]);
  expect(done).toEqual(["a", "b", "c"]);
});

it("keeps what is beyond for the next turns, in its order", async () => {
  const { work, done, next } = stage();
  work("a", 10);
  const later = [work("b", 6), work("c", 6), work("d", 1)];
  expect(later.every((answer) => answer instanceof Promise)).toBe(true);
  expect(done).toEqual(["a"]);
  next();
  expect(done).toEqual(["a", "b", "c"]);
  expect(work("e", 0)).toBeInstanceOf(Promise);
  next();
  expect(done).toEqual(["a", "b", "c", "d", "e"]);
  expect(await Promise.all(later)).toEqual(["b", "c", "d"]);
});

it("begins each turn with all its time, and asks for none where nothing is done", () => {
  const { work, next, planned } = stage();
  expect(planned()).toBe(0);
  work("a", 9);
  expect(planned()).toBe(1);
  next();
  expect([work("b", 9), work("c", 9)]).toEqual(["b", "c"]);
  expect(planned()).toBe(1);
});

it("throws or rejects with what the work throws, and goes on", async () => {
  const { turn, work, next } = stage();
  const fail = () => {
    throw new RangeError("no");
  };
  expect(() => turn.spend(fail)).toThrow(RangeError);
  work("a", 10);
  const failed = turn.spend(fail);
  const after = work("b", 1);
  next();
  await expect(failed).rejects.toThrow(RangeError);
  expect(await after).toBe("b");
});

it("goes on after a turn that was filled by what had waited", async () => {
  const { work, next } = stage();
  work("a", 10);
  const waited = work("b", 10);
  next();
  expect(await waited).toBe("b");
  const later = work("c", 1);
  expect(later).toBeInstanceOf(Promise);
  next();
  expect(await later).toBe("c");
});
