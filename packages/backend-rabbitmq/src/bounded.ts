import { RabbitRefusal } from "./rabbit-error.ts";

/** The promise, or the signal's end, whichever is first. What the promise brings later is nobody's any more, but for `late`. */
export function bounded<T>(promise: Promise<T>, signal: AbortSignal, late?: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = () => {
      reject(new RabbitRefusal("TIMED_OUT", "RabbitMQ did not answer in time"));
      if (late !== undefined) promise.then(late, () => {});
    };
    if (signal.aborted) ended();
    else signal.addEventListener("abort", ended, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", ended));
  });
}
