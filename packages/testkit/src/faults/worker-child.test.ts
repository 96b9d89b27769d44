import { afterEach, describe, expect, it, vi } from "vitest";
import { spawnWorker, type WorkerChild } from "./worker-child.ts";

const module = new URL("../testing/ticking-backend.ts", import.meta.url);
const children: WorkerChild[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
});

const spawned = async () => {
  const child = await spawnWorker(module, { namespace: "mine", leaseMs: 3_000, concurrency: 2 });
  children.push(child);
  let ticks = 0;
  child.onEvent((event) => {
    if (event.event === ("worker_ticks" as string)) ticks += 1;
  });
  const ticksOn = async () => {
    const before = ticks;
    await vi.waitFor(() => expect(ticks).toBeGreaterThan(before), 5_000);
  };
  return { child, ticks: () => ticks, ticksOn };
};
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 100));

describe("spawnWorker", () => {
  it("starts a worker in a process of its own, which is killed, stands still and goes on by its id", async () => {
    const { child, ticks, ticksOn } = await spawned();
    expect(child.pid).not.toBe(process.pid);
    expect(child.isRunning).toBe(true);
    await ticksOn();
    child.freeze();
    await aMoment();
    const still = ticks();
    await aMoment();
    expect(ticks()).toBe(still);
    expect(child.isRunning).toBe(true);
    child.thaw();
    await ticksOn();
    expect(await child.kill()).toEqual({ code: null, signal: "SIGKILL" });
    expect(child.isRunning).toBe(false);
  });

  it("kills a process that stands still", async () => {
    const { child } = await spawned();
    child.freeze();
    expect(await child.kill()).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("stops gracefully", async () => {
    const { child } = await spawned();
    await child.stop();
    expect(await child.ended).toEqual({ code: 0, signal: null });
  });

  it.each([
    ["a backend that cannot be made", module, "no such broker"],
    ["a module without a factory", new URL("../index.ts", import.meta.url), "no function (namespace) => Backend"],
    ["a module that is not there", "/nowhere/at-all.js", "at-all.js"],
  ])("says what is wrong with %s", async (_, file, words) => {
    await expect(spawnWorker(file, { namespace: "broken" })).rejects.toThrow(words);
  });
});
