import { RedisRefusal } from "./redis-error.ts";

/** The promise, or the signal's end, whichever is first. What the promise brings later is nobody's any more. */
export function settled<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const ended = () => reject(new RedisRefusal("TIMED_OUT", "Redis did not answer in time"));
    if (signal.aborted) ended();
    else signal.addEventListener("abort", ended, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", ended));
  });
}
