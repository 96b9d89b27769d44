import type { Clock, Delivery } from "@org/dispatch-core/contract";
import { withFacts } from "../decorators/facts.ts";
import { FaultError, wrap } from "../decorators/wrap.ts";
import type { Mutant } from "./mutant.ts";

/** Wrong in a fact of the profile that nothing else hangs on. */
export const promisingMutants: readonly Mutant[] = [
  {
    id: "loses-the-end-of-a-large-batch",
    fault: "declares large batches, and loses what is beyond the first mebibyte of one",
    caughtBy: "seam.send.limit.batch-bytes-exact",
    wrap(inner) {
      const limits = { ...inner.profile.limits, frameBytes: 262_144, batchBytes: 4 * 1_048_576 };
      const narrow = withFacts(inner, { limits });
      return wrap(narrow, {
        async send(queue, frames, signal) {
          let bytes = 0;
          const isKept = frames.map((frame) => {
            bytes += frame.bytes.length;
            return bytes <= 1_048_576;
          });
          const kept = frames.filter((_, index) => isKept[index]);
          const answers = [...(await narrow.send(queue, kept, signal))];
          return isKept.map((keeps) => (keeps ? (answers.shift() ?? "ok") : "ok"));
        },
      });
    },
  },
  {
    id: "forgets-ids-with-their-frames",
    fault: "declares a dedupe window of a minute, and knows only the ids of what is there",
    caughtBy: "seam.send.dedupe-window.refuses-repeats",
    wrap: (inner) => wrap(inner, { profile: { ...inner.profile, dedupeWindowMs: 60_000 } }),
  },
  {
    id: "hands-out-backwards",
    fault: "hands out what one receive brings in reverse",
    caughtBy: "seam.order.as-sent",
    wrap: (inner) => wrap(inner, { receive: async (...args) => (await inner.receive(...args)).toReversed() }),
  },
  {
    id: "loses-keys",
    fault: "declares the order of partitions, and deals frames out to three of them without a look at their keys",
    caughtBy: "seam.order.of-a-key",
    wrap(inner) {
      let dealt: Delivery[] = [];
      return wrap(inner, {
        profile: { ...inner.profile, order: "partition" },
        async receive(queue, want, signal) {
          if (dealt.length === 0) {
            const got = await inner.receive(queue, { ...want, max: want.max * 10 }, signal);
            dealt = [0, 1, 2].flatMap((partition) => got.filter((_, index) => index % 3 === partition));
          }
          return dealt.splice(0, want.max);
        },
      });
    },
  },
  {
    id: "drops-what-is-old",
    fault: "drops what nobody has read for ten minutes, and declares to keep it for ever",
    caughtBy: "seam.retention.unread-is-kept",
    wrap(inner) {
      const sentAt = new Map<Uint8Array, number>();
      let clock: Clock | undefined;
      const now = () => clock?.now() ?? 0;
      return wrap(inner, {
        open(options, signal) {
          clock = options.clock;
          return inner.open(options, signal);
        },
        send(queue, frames, signal) {
          for (const { bytes } of frames) sentAt.set(bytes, now());
          return inner.send(queue, frames, signal);
        },
        receive: async (queue, want, signal) =>
          (await inner.receive(queue, want, signal)).filter(({ bytes }) => now() - (sentAt.get(bytes) ?? 0) < 600_000),
      });
    },
  },
  {
    id: "refuses-long-releases",
    fault: "refuses a release for more than a day, and declares no limit",
    caughtBy: "seam.settle.release.cap-exact",
    wrap: (inner) => {
      const isLong = (delayMs: number) => delayMs > 86_400_000;
      return wrap(inner, {
        async settle(settlements, signal) {
          const taken = settlements.filter((one) => one.kind === "ack" || !isLong(one.delayMs));
          const answers = [...(await inner.settle(taken, signal))];
          const failed = new FaultError("DENIED", "a release for more than a day");
          return settlements.map((one) => (taken.includes(one) ? (answers.shift() ?? "lost") : { failed }));
        },
      });
    },
  },
];
