import type { Move, Receipt } from "@org/dispatch-core/contract";
import { countingGrants, withFacts } from "../decorators/facts.ts";
import { FaultError, wrap } from "../decorators/wrap.ts";
import { frameOf } from "../world/bare.ts";
import type { Mutant } from "./mutant.ts";

/** Wrong in how frames are settled and moved, and in what is counted. */
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
  {
    id: "half-a-move",
    fault: "sends as much of a move as it can, whatever becomes of the rest",
    caughtBy: "seam.move.many-frames-all-or-nothing",
    wrap: (inner) =>
      wrap(inner, {
        async move(moves, signal) {
          const answers = (await inner.move?.(moves, signal)) ?? [];
          for (const [index, { sends }] of moves.entries()) {
            if (answers[index] === "ok") continue;
            for (const { queue, frame } of sends) await inner.send(queue, [frame], signal);
          }
          return answers;
        },
      }),
  },
  {
    id: "moves-without-a-fence",
    fault: "sends the frames of a move also for a holder that is too late, and says ok",
    caughtBy: "seam.move.is-one-step",
    wrap: (inner) =>
      wrap(inner, {
        async move(moves, signal) {
          const answers = (await inner.move?.(moves, signal)) ?? [];
          const late = (answer: unknown) => typeof answer === "object" && answer !== null && "lost" in answer;
          for (const [index, { sends }] of moves.entries()) {
            if (!late(answers[index])) continue;
            for (const { queue, frame } of sends) await inner.send(queue, [frame], signal);
          }
          return answers.map((answer) => (late(answer) ? "ok" : answer));
        },
      }),
  },
  {
    id: "acks-what-is-only-proven",
    fault: "acknowledges every receipt of a move, also those that it was only to look at",
    caughtBy: "seam.move.proven-without-ack",
    wrap: (inner) =>
      wrap(inner, {
        async move(moves, signal) {
          const all = moves.map(
            (move): Move => ({ ...move, receipts: move.receipts.map(({ receipt }) => ({ receipt, ack: true })) }),
          );
          return (await inner.move?.(all, signal)) ?? [];
        },
      }),
  },
  {
    id: "moves-to-one-role-only",
    fault: "moves within the work queues only, and fails for the rest of the family",
    caughtBy: "seam.move.family-in-one-slot",
    wrap(inner) {
      const narrow = withFacts(inner, {});
      return wrap(narrow, {
        async move(moves, signal) {
          if (moves.every(({ sends }) => sends.every(({ queue }) => queue.role === "work")))
            return (await narrow.move?.(moves, signal)) ?? [];
          const failed = new FaultError("MISMATCH", "the keys of a script must be in one slot");
          return moves.map(() => ({ failed }));
        },
      });
    },
  },
];
