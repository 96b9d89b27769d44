import { expect, it } from "vitest";
import type { Queue } from "../contract/index.ts";
import { tierQueue, workQueue } from "../queues.ts";
import { type Outlet, Outlets } from "./outlets.ts";

class Gate implements Outlet {
  full: PromiseWithResolvers<void> | undefined;
  readonly queue: Queue;
  constructor(queue: Queue) {
    this.queue = queue;
  }
  room(): Promise<void> | undefined {
    return this.full?.promise;
  }
}

it("makes one outlet for each queue, when it is first asked for", () => {
  const outlets = new Outlets((queue) => new Gate(queue));
  expect([...outlets.all()]).toEqual([]);
  const high = outlets.of(workQueue("q", "high"));
  expect(outlets.of({ role: "work", name: "high", of: "q" })).toBe(high);
  expect(outlets.of(workQueue("q", "low"))).not.toBe(high);
  outlets.of(workQueue("other", "high"));
  outlets.of(tierQueue(100));
  expect([...outlets.all()].map(({ queue }) => `${queue.of}/${queue.role}/${queue.name}`)).toEqual([
    "q/work/high",
    "q/work/low",
    "other/work/high",
    "/tier/100",
  ]);
});

it("has room when all of them have, and says when the one that had none has", async () => {
  const outlets = new Outlets((queue) => new Gate(queue));
  expect(outlets.room()).toBeUndefined();
  const [first, second] = [outlets.of(workQueue("q", "high")), outlets.of(workQueue("q", "low"))];
  expect(outlets.room()).toBeUndefined();
  second.full = Promise.withResolvers();
  const room = outlets.room();
  expect(room).toBe(second.full.promise);
  first.full = Promise.withResolvers();
  second.full.resolve();
  await room;
  expect(outlets.room()).toBe(first.full.promise);
  first.full = undefined;
  second.full = undefined;
  expect(outlets.room()).toBeUndefined();
});
