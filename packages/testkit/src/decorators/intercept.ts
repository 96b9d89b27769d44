import type { Backend } from "@org/dispatch-core/contract";
import { wrap } from "./wrap.ts";

/** The verbs that talk to the broker. */
export type Verb = "open" | "send" | "receive" | "renew" | "settle" | "move" | "depth" | "browse" | "purge" | "remove";

/** One call of a verb on its way to the broker. */
export interface BackendCall {
  readonly verb: Verb;
  /** The arguments of the verb, its signal last. */
  readonly args: readonly unknown[];
  /** Does it, with these arguments instead of its own where some are given. */
  proceed(...args: readonly unknown[]): Promise<unknown>;
}

/** Stands before every call: may look at it, hold it up, repeat it, change it, or throw. */
export type Interceptor = (call: BackendCall) => Promise<unknown>;

type AnyVerb = (...args: readonly unknown[]) => Promise<unknown>;

const all: readonly Verb[] = [
  "open",
  "send",
  "receive",
  "renew",
  "settle",
  "move",
  "depth",
  "browse",
  "purge",
  "remove",
];

/** A backend all of whose calls go through `interceptor`. */
export function intercept(inner: Backend, interceptor: Interceptor): Backend {
  const plain = wrap(inner);
  const change: Record<string, AnyVerb> = {};
  for (const verb of all) {
    const run = plain[verb] as AnyVerb | undefined;
    if (run === undefined) continue;
    change[verb] = (...args) =>
      interceptor({ verb, args, proceed: (...others) => run(...(others.length > 0 ? others : args)) });
  }
  return wrap(plain, change as Partial<Backend>);
}
