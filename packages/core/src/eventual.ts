/** A value that is there already, or will be. What is there already costs no promise, and no turn of the event loop. */
export type Eventual<T> = T | Promise<T>;

/** Goes on with a value, at once where it is there. */
export function chain<T, U>(value: Eventual<T>, next: (value: T) => Eventual<U>): Eventual<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Is it to be awaited? What a handler or a schema gives need not be a Promise of this realm. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
