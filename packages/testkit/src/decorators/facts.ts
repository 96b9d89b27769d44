import type { Backend, Delivery, Limits, OptionalVerb, OutFrame, Profile, Receipt } from "@org/dispatch-core/contract";
import { FaultError, wrap } from "./wrap.ts";

/**
 * The same backend under other facts. It is held to those that take something away: a delay above `sendDelayMs` or `releaseDelayMs` and a frame or a batch
 * above `limits` are refused, so is a move that leaves its family, and without priorities all frames are of the same. Of all others it is up to the caller
 * that they are true: a profile that lies is what the suite exists for.
 */
export function withFacts(inner: Backend, facts: Partial<Profile>): Backend {
  const profile: Profile = Object.freeze({ ...inner.profile, ...facts });
  const plain = wrap(inner);
  const { move } = plain;
  const shown = (frame: OutFrame) => (facts.priorityLevels === 0 ? unranked(frame) : frame);
  return wrap(plain, {
    profile,
    async send(queue, frames, signal) {
      if (facts.limits !== undefined) fits(facts.limits, frames);
      return allowed(
        frames,
        (frame) => forbidden(facts, frame),
        (some) => plain.send(queue, some.map(shown), signal),
      );
    },
    settle: (settlements, signal) =>
      allowed(
        settlements,
        (one) => above("a release for", one.kind === "release" ? one.delayMs : 0, facts.releaseDelayMs),
        (some) => plain.settle(some, signal),
      ),
    ...(move && {
      move: (moves, signal) =>
        allowed(
          moves,
          ({ receipts, sends }) => strays(receipts, sends) ?? first(sends, ({ frame }) => forbidden(facts, frame)),
          (some) =>
            move(
              some.map((one) => ({ ...one, sends: one.sends.map((to) => ({ ...to, frame: shown(to.frame) })) })),
              signal,
            ),
        ),
    }),
  });
}

/** Does what is allowed in one call, and answers for what is not, each at its place. */
async function allowed<I, O>(
  items: readonly I[],
  fault: (item: I) => FaultError | undefined,
  run: (items: readonly I[]) => Promise<readonly O[]>,
): Promise<(O | { readonly failed: unknown })[]> {
  const faults = items.map(fault);
  const left = items.filter((_, index) => faults[index] === undefined);
  const answers = items.length > 0 && left.length === 0 ? [] : [...(await run(left))];
  return faults.map((failed) => (failed === undefined ? (answers.shift() as O) : { failed }));
}

function first<I, O>(items: readonly I[], look: (item: I) => O | undefined): O | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fits({ batchFrames, batchBytes }: Limits, frames: readonly OutFrame[]): void {
  const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
  const fault =
    above("frames in a batch:", frames.length, batchFrames) ?? above("bytes in a batch:", bytes, batchBytes);
  if (fault !== undefined && frames.length > 1) throw fault;
}

function forbidden({ sendDelayMs, limits }: Partial<Profile>, { bytes, delayMs }: OutFrame): FaultError | undefined {
  if (bytes.length > (limits?.frameBytes ?? Number.POSITIVE_INFINITY))
    return new FaultError("TOO_LARGE", `a frame of ${bytes.length} bytes`);
  return above("a send after", delayMs, sendDelayMs);
}

function above(what: string, value: number, most: number | undefined): FaultError | undefined {
  if (most === undefined || value <= most) return undefined;
  return new FaultError("DENIED", `${what} ${value}, the profile says ${most}`);
}

function strays(
  receipts: readonly { readonly receipt: Receipt }[],
  sends: readonly { readonly queue: Receipt["queue"] }[],
): FaultError | undefined {
  const family = receipts[0]?.receipt.queue.of;
  const stray = sends.find(({ queue }) => queue.of !== family);
  if (stray === undefined) return undefined;
  return new FaultError("MISMATCH", `a move from the family "${family}" to "${stray.queue.of}"`);
}

function unranked({ bytes, name, id, first, delayMs, key }: OutFrame): OutFrame {
  return { bytes, name, id, first, delayMs, key, priority: 0 };
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
