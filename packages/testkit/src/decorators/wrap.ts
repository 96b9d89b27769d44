import type { Backend, CallCode, ErrorClass } from "@org/dispatch-core/contract";

/** What a decorator throws. Its `code` is what the decorated backend's `classify` answers, so that core treats it as the broker's own. */
export class FaultError extends Error {
  override readonly name = "FaultError";
  readonly code: CallCode;

  constructor(code: CallCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A backend that does what `inner` does but for `change`. A verb that `inner` does not have stays absent. It classifies faults. */
export function wrap(inner: Backend, change: Partial<Backend> = {}): Backend {
  return {
    contract: inner.contract,
    name: inner.name,
    profile: inner.profile,
    open: (options, signal) => inner.open(options, signal),
    send: (queue, frames, signal) => inner.send(queue, frames, signal),
    receive: (queue, want, signal) => inner.receive(queue, want, signal),
    renew: (receipts, leaseMs, signal) => inner.renew(receipts, leaseMs, signal),
    settle: (settlements, signal) => inner.settle(settlements, signal),
    classify: (error) => classify(inner, error),
    close: () => inner.close(),
    ...(inner.move && { move: inner.move.bind(inner) }),
    ...(inner.depth && { depth: inner.depth.bind(inner) }),
    ...(inner.browse && { browse: inner.browse.bind(inner) }),
    ...(inner.purge && { purge: inner.purge.bind(inner) }),
    ...(inner.remove && { remove: inner.remove.bind(inner) }),
    ...change,
  };
}

function classify(inner: Backend, error: unknown): ErrorClass {
  return error instanceof FaultError ? { code: error.code, detail: error.message } : inner.classify(error);
}
