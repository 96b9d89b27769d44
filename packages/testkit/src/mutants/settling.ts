import type { Receipt } from "@org/dispatch-core/contract";
import { countingGrants } from "../decorators/facts.ts";
import { FaultError, wrap } from "../decorators/wrap.ts";
import { frameOf } from "../world/bare.ts";
import type { Mutant } from "./mutant.ts";

/** Wrong in how frames are settled, and in what is counted. */
export const settlingMutants: readonly Mutant[] = [
  {
    id: "release-ignores-the-delay",
    fault: "gives a released frame to the next receiver at once, whatever delay it was released with",
    caughtBy: "seam.settle.release.honours-delay",
    wrap: (inner) =>
      wrap(inner, {
        settle: (settlements, signal) =>
          inner.settle(
            settlements.map((one) => (one.kind === "release" ? { ...one, delayMs: 0 } : one)),
            signal,
          ),
      }),
  },
  {
    id: "release-waits-for-the-lease",
    fault: "does nothing for a release: the frame comes again when its lease is over",
    caughtBy: "seam.settle.release.now",
    wrap: (inner) =>
      wrap(inner, {
        async settle(settlements, signal) {
          const acks = settlements.filter(({ kind }) => kind === "ack");
          const answers = [...(await inner.settle(acks, signal))];
          return settlements.map(({ kind }) => (kind === "ack" ? (answers.shift() ?? "lost") : "ok"));
        },
      }),
  },
  {
    id: "cuts-long-releases",
    fault: "cuts the delay of a release that is longer than releaseDelayMs, and says ok",
    caughtBy: "seam.settle.release.refused",
    wrap: (inner) =>
      wrap(inner, {
        profile: { ...inner.profile, releaseDelayMs: 5_000 },
        settle: (settlements, signal) =>
          inner.settle(
            settlements.map((one) =>
              one.kind === "release" ? { ...one, delayMs: Math.min(one.delayMs, 5_000) } : one,
            ),
            signal,
          ),
      }),
  },
  {
    id: "throws-when-settled-twice",
    fault: "throws for a receipt that is settled already",
    caughtBy: "seam.settle.twice-never-throws",
    wrap: (inner) =>
      wrap(inner, {
        async settle(settlements, signal) {
          const answers = await inner.settle(settlements, signal);
          if (answers.includes("lost")) throw new FaultError("MISSING", "no such receipt");
          return answers;
        },
      }),
  },
  {
    id: "releases-once-for-each-say",
    fault: "gives a frame back by a copy, and that again for a receipt that stands twice in one call",
    caughtBy: "seam.settle.twice-never-throws",
    wrap(inner) {
      const held = new Map<Receipt, Uint8Array>();
      return wrap(inner, {
        async receive(queue, want, signal) {
          const got = await inner.receive(queue, want, signal);
          for (const { receipt, bytes } of got) held.set(receipt, bytes);
          return got;
        },
        async settle(settlements, signal) {
          const answers = await inner.settle(settlements, signal);
          const released = settlements.flatMap(({ kind, receipt }) => (kind === "release" ? [receipt] : []));
          for (const receipt of released.filter((one, index) => released.indexOf(one) < index))
            await inner.send(receipt.queue, [frameOf("", { bytes: held.get(receipt) as Uint8Array })], signal);
          return answers;
        },
      });
    },
  },
  {
    id: "answers-settlements-out-of-order",
    fault: "answers the releases of a batch before its acks",
    caughtBy: "seam.settle.batch-mixed",
    wrap: (inner) =>
      wrap(inner, {
        settle: async (settlements, signal) => (await inner.settle(settlements, signal)).toReversed(),
      }),
  },
  {
    id: "counts-releases-as-losses",
    fault: "counts releases, and says that it counts losses",
    caughtBy: "seam.settle.release.counted-as-the-profile-says",
    wrap: (inner) => wrap(countingGrants(inner), { profile: inner.profile }),
  },
  {
    id: "counts-no-losses",
    fault: "says of every frame that nobody has had it before",
    caughtBy: "seam.settle.losses-counted-as-the-profile-says",
    wrap: (inner) =>
      wrap(inner, {
        receive: async (queue, want, signal) =>
          (await inner.receive(queue, want, signal)).map((delivery) => ({ ...delivery, redelivery: 0 })),
      }),
  },
  {
    id: "counts-what-was-on-its-way",
    fault: "counts a holder for what was on its way when credit was taken back",
    caughtBy: "seam.receive.max-zero-counts-nothing",
    wrap(inner) {
      let counted = 0;
      return wrap(inner, {
        async receive(queue, want, signal) {
          if (want.max === 0) counted = 1;
          const got = await inner.receive(queue, want, signal);
          if (got.length === 0) return got;
          const more = counted;
          counted = 0;
          return got.map((delivery) => ({ ...delivery, redelivery: delivery.redelivery + more }));
        },
      });
    },
  },
];
