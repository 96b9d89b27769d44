import { isThenable } from "../eventual.ts";

export interface PumpPort<I> {
  /** Undefined while another input may be taken; else resolves when it may. */
  room(): Promise<void> | undefined;
  take(input: I, index: number): void;
}

/**
 * Reads inputs as fast as there is room, until they end or `stop` fires, as `for await` does: promises in a list are awaited one after the other. A source
 * that is stopped early is told so (`return`), but not waited for. Throws what the source throws before that.
 */
export async function pump<I>(
  inputs: Iterable<I> | AsyncIterable<I>,
  port: PumpPort<I>,
  stop: AbortSignal,
): Promise<void> {
  // A text is no object, and `in` wants one.
  const isAsync = Symbol.asyncIterator in Object(inputs);
  const iterator = isAsync
    ? (inputs as AsyncIterable<I>)[Symbol.asyncIterator]()
    : (inputs as Iterable<I>)[Symbol.iterator]();
  for (let index = 0; !stop.aborted; index += 1) {
    // Asked again after each wait: what there was room in may be full again, or something else may.
    for (let room = port.room(); room !== undefined && !stop.aborted; room = port.room())
      await unlessStopped(room, stop);
    if (stop.aborted) break;
    const step = iterator.next();
    const next: unknown = isAsync ? await unlessStopped(step, stop) : step;
    if (stop.aborted) break;
    if (typeof next !== "object" || next === null)
      throw new TypeError(`the iterator of the inputs answered ${String(next)}, which is no object`);
    const { done, value } = next as IteratorResult<I>;
    if (done === true) return;
    const input = isAsync || !isPromised(value) ? value : await promised(iterator, value, stop);
    if (stop.aborted) break;
    port.take(input as I, index);
  }
  close(iterator);
}

/** What does not let itself be asked is no fault of its list, but an input that cannot be a task. */
function isPromised<I>(value: I | PromiseLike<I>): value is PromiseLike<I> {
  try {
    return isThenable(value);
  } catch {
    return false;
  }
}

/** What a list has a promise for, or `undefined` as soon as `stop` fires. */
function promised<I>(from: Iterator<I> | AsyncIterator<I>, value: PromiseLike<I>, stop: AbortSignal) {
  return unlessStopped(value, stop).catch((error: unknown) => {
    close(from);
    throw error;
  });
}

/** Tells a source that no more is wanted. */
function close<I>(iterator: Iterator<I> | AsyncIterator<I>): void {
  try {
    // An asynchronous one is not waited for: its `next` may never come back.
    Promise.resolve(iterator.return?.()).catch(() => {});
  } catch {
    // It was asked to stop; what it says to that changes nothing.
  }
}

/** The value, also of a promise, or `undefined` as soon as `stop` fires. No listener stays behind. */
function unlessStopped<T>(value: T | PromiseLike<T>, stop: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stopped = () => resolve(undefined);
    if (stop.aborted) stopped();
    stop.addEventListener("abort", stopped, { once: true });
    const free = () => stop.removeEventListener("abort", stopped);
    Promise.resolve(value).then(
      (ready) => {
        free();
        resolve(ready);
      },
      (error: unknown) => {
        free();
        reject(error);
      },
    );
  });
}
