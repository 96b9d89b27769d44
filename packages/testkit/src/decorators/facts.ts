import type {
  Backend,
  Delivery,
  HoldOutcome,
  OptionalVerb,
  OutFrame,
  Profile,
  Receipt,
  SendOutcome,
} from "@org/dispatch-core/contract";
import { FaultError, wrap } from "./wrap.ts";

/**
 * The same backend under other facts. It is held to those that take something away: a delay above `sendDelayMs` or `releaseDelayMs` and a frame above
 * `frameBytes` are refused, a batch above its limits throws, a move out of its family is refused, and without priorities all frames are of the same. Of
 * all others it is up to the caller that they are true: a profile that lies is what the suite exists for.
 */
export function withFacts(inner: Backend, facts: Partial<Profile>): Backend {
  const profile: Profile = Object.freeze({ ...inner.profile, ...facts });
  const plain = wrap(inner);
  const { move } = plain;
  const shown = (frame: OutFrame) => (profile.priorityLevels === 0 ? unranked(frame) : frame);
  return wrap(plain, {
    profile,
    async send(queue, frames, signal) {
      const { batchFrames, batchBytes } = profile.limits;
      if (frames.length > batchFrames) throw refusal("TOO_LARGE", `a batch of ${frames.length} frames`);
      const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
      if (frames.length > 1 && bytes > batchBytes) throw refusal("TOO_LARGE", `a batch of ${bytes} bytes`);
      const faults = frames.map((frame) => forbidden(profile, frame));
      const allowed = frames.filter((_, index) => faults[index] === undefined).map(shown);
      const outcomes = allowed.length === 0 ? [] : [...(await plain.send(queue, allowed, signal))];
      return faults.map((fault) =>
        fault === undefined ? (outcomes.shift() as SendOutcome) : ({ failed: fault } satisfies SendOutcome),
      );
    },
    async settle(settlements, signal) {
      const faults = settlements.map((one) =>
        one.kind === "release" && one.delayMs > profile.releaseDelayMs
          ? refusal("DENIED", `a release for ${one.delayMs} ms, the profile says ${profile.releaseDelayMs}`)
          : undefined,
      );
      const outcomes = [...(await plain.settle(settlements.filter((_, index) => faults[index] === undefined), signal))]; // biome-ignore format: one call
      return faults.map((fault) =>
        fault === undefined ? (outcomes.shift() as HoldOutcome) : ({ failed: fault } satisfies HoldOutcome),
      );
    },
    ...(move && {
      move: async (moves, signal) => {
        const answers = moves.map(async (one) => {
          const fault =
            strays(one.receipts, one.sends) ??
            one.sends.map(({ frame }) => forbidden(profile, frame)).find((found) => found !== undefined);
          if (fault !== undefined) return { failed: fault };
          const sends = one.sends.map(({ queue, frame }) => ({ queue, frame: shown(frame) }));
          return (await move([{ ...one, sends }], signal))[0] ?? "ok";
        });
        return Promise.all(answers);
      },
    }),
  });
}

function forbidden({ sendDelayMs, limits }: Profile, { bytes, delayMs }: OutFrame): FaultError | undefined {
  if (delayMs > sendDelayMs) return refusal("DENIED", `a delay of ${delayMs} ms, the profile says ${sendDelayMs}`);
  if (bytes.length > limits.frameBytes) return refusal("TOO_LARGE", `a frame of ${bytes.length} bytes`);
  return undefined;
}

function strays(
  receipts: readonly { readonly receipt: Receipt }[],
  sends: readonly { readonly queue: Receipt["queue"] }[],
): FaultError | undefined {
  const family = receipts[0]?.receipt.queue.of;
  const stray = sends.find(({ queue }) => queue.of !== family);
  if (stray === undefined) return undefined;
  return refusal("MISMATCH", `a move from the family "${family}" to "${stray.queue.of}"`);
}

function unranked({ bytes, name, id, first, delayMs, key }: OutFrame): OutFrame {
  return { bytes, name, id, first, delayMs, key, priority: 0 };
}

function refusal(code: "DENIED" | "MISMATCH" | "TOO_LARGE", message: string): FaultError {
  return new FaultError(code, `the profile forbids it: ${message}`);
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
