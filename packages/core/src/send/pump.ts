export interface PumpPort<I> {
  /** Undefined while another input may be taken; else resolves when it may. */
  room(): Promise<void> | undefined;
  take(input: I, index: number): void;
}

/**
 * Reads inputs as fast as there is room, until they end or `stop` fires. A source that is stopped early is told so (`return`), but not waited for. Throws
 * what the source throws before that.
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
    port.take(value, index);
  }
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
