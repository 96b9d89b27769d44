export interface PumpPort<I> {
  /** Undefined while another input may be taken; else resolves when it may. */
  room(): Promise<void> | undefined;
  take(input: I, index: number): void;
}

/**
 * Reads inputs as fast as there is room, until they end or `stop` fires. A source that is stopped early is told so (`return`), but not waited for. Throws
 * what the source throws.
 */
export async function pump<I>(
  inputs: Iterable<I> | AsyncIterable<I>,
  port: PumpPort<I>,
  stop: AbortSignal,
): Promise<void> {
  const iterator = Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
  for (let index = 0; !stop.aborted; index += 1) {
    const room = port.room();
    if (room !== undefined) {
      await unlessStopped(room, stop);
      if (stop.aborted) break;
    }
    const step = iterator.next();
    const next = step instanceof Promise ? await unlessStopped(step, stop) : step;
    if (next === undefined) break;
    if (next.done === true) return;
    port.take(next.value, index);
  }
  void Promise.resolve(iterator.return?.()).catch(() => {});
}

/** The promise's value, or `undefined` as soon as `stop` fires. No listener stays behind. */
function unlessStopped<T>(promise: Promise<T>, stop: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stopped = () => resolve(undefined);
    stop.addEventListener("abort", stopped, { once: true });
    promise
      .then(resolve, reject)
      .finally(() => stop.removeEventListener("abort", stopped))
      .catch(() => {});
    if (stop.aborted) stopped();
  });
}
