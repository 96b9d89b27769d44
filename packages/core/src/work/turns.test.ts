import { expect, it } from "vitest";
import { frameOf } from "../testing/frames.ts";
import { type Runnable, Running } from "./running.ts";
import { defineTask, type Handler } from "./task.ts";
import { Turns } from "./turns.ts";

const TURN = Symbol("the turn ends");

/** Starts handlers one after the other, each of which may pass time; answers what each is said to have taken. */
async function tookMs(...handlers: readonly (Handler<{ pass(ms: number): void }, unknown> | typeof TURN)[]) {
  let now = 1_000;
  const soon: (() => void)[] = [];
  const clock = {
    now: () => now,
    wall: () => now,
    after: () => ({ cancel() {} }),
    soon: (run: () => void) => void soon.push(run),
  };
  const turns = new Turns(clock);
  const took: number[] = [];
  const payload = {
    pass(ms: number) {
      now += ms;
    },
  };
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  for (const [index, handler] of handlers.entries()) {
    if (handler === TURN) {
      for (const run of soon.splice(0)) run();
      continue;
    }
    const port = {
      clock,
      turns,
      abandonMs: 1_000,
      logger: silent,
      progress() {},
      ended(_: Runnable, __: unknown, durationMs: number) {
        took[index] = durationMs;
      },
      freed() {},
    };
    const task = defineTask<never, unknown>({ name: "mail", handler: handler as never });
    new Running(port, { frame: frameOf({ task: "mail" }), lost: 0 }, task as never, 60_000, clock.now()).start(payload);
  }
  for (let microtasks = 0; microtasks < 20; microtasks += 1) await undefined;
  return took.filter((ms) => ms !== undefined);
}

const quick: Handler<{ pass(ms: number): void }, unknown> = async ({ pass }) => pass(1);

it("a handler alone takes from its begin to its end", async () => {
  expect(await tookMs(async ({ pass }) => pass(7))).toEqual([7]);
  expect(
    await tookMs(async ({ pass }) => {
      await undefined;
      pass(7);
    }),
  ).toEqual([7]);
});

it("does not take the time of the others that begin in its turn", async () => {
  expect(await tookMs(...Array(100).fill(quick))).toEqual(Array(100).fill(1));
  const late: typeof quick = async ({ pass }) => {
    await undefined;
    pass(1);
  };
  for (const ms of await tookMs(...Array(100).fill(late))) expect(ms).toBeLessThanOrEqual(1);
});

it("takes all that it does before it first waits", async () => {
  const heavy: typeof quick = async ({ pass }) => pass(50);
  const took = await tookMs(...Array(25).fill(quick), heavy, ...Array(24).fill(quick));
  expect(took[25]).toBe(50);
  expect(took.filter((ms) => ms > 2)).toEqual([50]);
});

it("takes from its begin to its end where that is in a later turn", async () => {
  const long: typeof quick = async ({ pass }) => {
    pass(1);
    for (let microtasks = 0; microtasks < 5; microtasks += 1) await undefined;
  };
  expect(await tookMs(long, quick, TURN, quick)).toEqual([3, 2, 1]);
});
