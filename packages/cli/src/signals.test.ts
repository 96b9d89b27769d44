import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { Thrown, unlessStopped, watchSignals } from "./signals.ts";
import type { StopSignal } from "./surroundings.ts";

function watched() {
  const signals = new EventEmitter();
  const exits: number[] = [];
  const watch = watchSignals({ signals, exit: (code) => void exits.push(code) });
  return { watch, exits, signals, raise: (signal: StopSignal) => signals.emit(signal) };
}

test.each<[StopSignal, StopSignal, number]>([
  ["SIGINT", "SIGINT", 130],
  ["SIGTERM", "SIGTERM", 143],
  ["SIGTERM", "SIGINT", 130],
  ["SIGINT", "SIGTERM", 143],
])("%s asks, then %s exits with %d", async (first, second, code) => {
  const { watch, exits, raise } = watched();
  raise(first);
  expect(await watch.first).toBe(first);
  expect(exits).toEqual([]);
  raise(second);
  expect(exits).toEqual([code]);
});

test("what is to be saved is saved before a second signal's exit, not at the first", () => {
  const { watch, exits, raise } = watched();
  const seen: unknown[] = [];
  watch.saving(() => seen.push([...exits]));
  raise("SIGTERM");
  expect(seen).toEqual([]);
  raise("SIGTERM");
  expect([seen, exits]).toEqual([[[]], [143]]);
});

test("after the watch the signals are whose they were", () => {
  const { watch, exits, raise, signals } = watched();
  watch.stop();
  raise("SIGINT");
  raise("SIGINT");
  expect(exits).toEqual([]);
  expect(signals.listenerCount("SIGINT") + signals.listenerCount("SIGTERM")).toBe(0);
});

test("a step of the start goes on until the first signal, and no longer", async () => {
  const { watch, raise } = watched();
  expect(await unlessStopped(watch, Promise.resolve(1))).toBe(1);
  const stopped = unlessStopped(watch, new Promise(() => {}));
  raise("SIGTERM");
  await expect(stopped).rejects.toMatchObject({ code: "SHUTTING_DOWN", message: "stopped by SIGTERM before it began" });
});

test("what is thrown outside of any task asks too, once; a signal then exits", async () => {
  const { watch, exits, raise } = watched();
  const error = new Error("boom");
  expect(watch.threw(error)).toBe(true);
  expect(watch.threw(new Error("again"))).toBe(false);
  expect(await watch.first).toEqual(new Thrown(error));
  await expect(unlessStopped(watch, new Promise(() => {}))).rejects.toMatchObject({
    code: "SHUTTING_DOWN",
    message: "thrown outside of any task: boom",
  });
  raise("SIGINT");
  expect(exits).toEqual([130]);
});
