/** Who has no observer pays for none: nothing is made that only an observer would be told. */
import { afterEach, expect, it, vi } from "vitest";
import { Dispatcher } from "./dispatcher.ts";
import { memory } from "./memory/index.ts";
import { Dispatched } from "./result/dispatched.ts";
import { KeptFrame } from "./result/kept-frame.ts";
import type { RunPort } from "./result/run-port.ts";
import { Window } from "./result/window.ts";
import { TurnClock } from "./turn-clock.ts";
import { defineTask } from "./work/task.ts";
import { Worker } from "./worker.ts";
import * as workerEvents from "./worker-events.ts";

vi.mock("./worker-events.ts", { spy: true });

afterEach(() => vi.clearAllMocks());

const TASKS = 50;

/** How often each of the functions was called that make events of a worker. */
function made(): number {
  return Object.values(workerEvents).reduce((sum, make) => sum + vi.mocked(make).mock.calls.length, 0);
}

async function runs(observer?: () => void): Promise<void> {
  const task = defineTask<number, number>({
    name: "half",
    // Some fail, so that requeues and dead letters are among what could be told.
    handler: (payload, { attempt }) => {
      if (payload % 10 === 0 && attempt === 1) throw new Error("not yet");
      return payload / 2;
    },
  });
  await using backend = memory();
  await using dispatcher = await Dispatcher.open(backend, { observer });
  await using _worker = await Worker.start(backend, task, { observer, backoff: { baseMs: 1, maxMs: 1 } });
  const inputs = Array.from({ length: TASKS }, (_, index) => index);
  for (const packs of [false, true]) {
    const { completed } = await dispatcher.run(task, inputs, { packs }).finished();
    expect(completed).toBe(TASKS);
  }
}

it("makes no event, and reads no clock for one", async () => {
  const now = vi.spyOn(TurnClock.prototype, "now");
  await runs();
  expect(made()).toBe(0);
  expect(now).not.toHaveBeenCalled();
  await runs(() => {});
  // Its begin and its end, each.
  expect(made()).toBeGreaterThanOrEqual(2 * 2 * TASKS);
  expect(now).toHaveBeenCalled();
});

it("makes no id of a task that was sent", () => {
  let asked = 0;
  const named = () => {
    asked += 1;
    return "run/";
  };
  const idPrefix = { toString: named } as unknown as string;
  const idsFor = (observer: RunPort<never>["observer"]) => {
    const port = { idPrefix, queue: "q", task: "t", observer, clock: { now: () => 0, soon: () => {} } };
    const window = new Window(10, 1_000, () => {});
    const kept = new KeptFrame({ queue: { role: "work", name: "n", of: "q" }, band: 0, delayMs: 0 }, 0, 1);
    window.add(kept, 1);
    const dispatched = new Dispatched(port as unknown as RunPort<never>, window);
    dispatched.tell(kept);
    expect(dispatched.count).toBe(1);
    return asked;
  };
  expect(idsFor(undefined)).toBe(0);
  expect(idsFor(() => {})).toBe(1);
});
