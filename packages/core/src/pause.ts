import type { Clock } from "./contract/index.ts";

/** Resolves when the promise does, or after `ms`. */
export async function within(clock: Clock, promise: Promise<unknown>, ms: number): Promise<void> {
  const done = new AbortController();
  void promise.finally(() => done.abort()).catch(() => {});
  await pause(clock, ms, done.signal);
}

/** Resolves after `ms`, or at once when the signal fires. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
