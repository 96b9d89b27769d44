import type { Backend, Delivery, OptionalVerb, Profile, Receipt } from "@org/dispatch-core/contract";
import { wrap } from "./wrap.ts";

/** The same backend under other facts. It is up to the caller that they are true: a profile that lies is what the suite exists for. */
export function withFacts(inner: Backend, facts: Partial<Profile>): Backend {
  return wrap(inner, { profile: Object.freeze({ ...inner.profile, ...facts }) });
}

/** The same backend without some of its optional verbs, in its profile too: what core then does instead is to be tested as well. */
export function without(inner: Backend, ...hidden: readonly OptionalVerb[]): Backend {
  const change: Record<string, undefined> = {};
  for (const verb of hidden) change[verb] = undefined;
  const facts = { verbs: inner.profile.verbs.filter((verb) => !hidden.includes(verb)) };
  const backend = { ...withFacts(inner, facts), ...change };
  for (const verb of hidden) delete backend[verb];
  return backend as Backend;
}

/** A broker without the one step: retries and results are sent first, acked second. */
export function withoutMove(inner: Backend): Backend {
  return without(inner, "move");
}

/**
 * A broker whose count goes up with every grant, releases too. For backends that count losses and hand out the very bytes that they were sent, as the
 * memory backend does.
 */
export function countingGrants(inner: Backend): Backend {
  const released = new WeakMap<Uint8Array, number>();
  const granted = new WeakMap<Receipt, Uint8Array>();
  return wrap(withFacts(inner, { redelivery: "grants" }), {
    async receive(queue, want, signal) {
      const deliveries = await inner.receive(queue, want, signal);
      return deliveries.map((delivery): Delivery => {
        granted.set(delivery.receipt, delivery.bytes);
        return { ...delivery, redelivery: delivery.redelivery + (released.get(delivery.bytes) ?? 0) };
      });
    },
    async settle(settlements, signal) {
      const outcomes = await inner.settle(settlements, signal);
      settlements.forEach(({ kind, receipt }, index) => {
        const bytes = granted.get(receipt);
        if (kind === "release" && bytes !== undefined && outcomes[index] === "ok") {
          released.set(bytes, (released.get(bytes) ?? 0) + 1);
        }
      });
      return outcomes;
    },
  });
}
