import type { Move, Receipt } from "@org/dispatch-core/contract";
import { withFacts } from "../decorators/facts.ts";
import { FaultError, wrap } from "../decorators/wrap.ts";
import { changedFrame } from "./changed-frame.ts";
import type { Mutant } from "./mutant.ts";

/** Wrong in what `move` does, and for whom. */
export const movingMutants: readonly Mutant[] = [
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
  {
    id: "moves-for-a-lease-that-is-over",
    fault: "knows an ack when it has seen one, and sends the frames of a move for a holder whose lease has run out",
    caughtBy: "seam.move.too-late-moves-nothing",
    wrap(inner) {
      const acked = new WeakSet<Receipt>();
      return wrap(inner, {
        async settle(settlements, signal) {
          const answers = await inner.settle(settlements, signal);
          for (const { receipt } of settlements) acked.add(receipt);
          return answers;
        },
        async move(moves, signal) {
          const answers = [...((await inner.move?.(moves, signal)) ?? [])];
          for (const [index, { receipts, sends }] of moves.entries()) {
            const answer = answers[index];
            if (typeof answer !== "object" || !("lost" in answer) || answer.lost.some((one) => acked.has(one)))
              continue;
            for (const { queue, frame } of sends) await inner.send(queue, [frame], signal);
            answers[index] = "ok";
            for (const { receipt, ack } of receipts) if (ack) acked.add(receipt);
          }
          return answers;
        },
      });
    },
  },
  {
    id: "moves-forget-priorities",
    fault: "sends what is moved at the lowest priority",
    caughtBy: "seam.move.keeps-priorities",
    wrap: (inner) =>
      wrap(inner, {
        async move(moves, signal) {
          const all = moves.map(
            (move): Move => ({
              ...move,
              sends: move.sends.map(({ queue, frame }) => ({ queue, frame: changedFrame(frame, { priority: 0 }) })),
            }),
          );
          return (await inner.move?.(all, signal)) ?? [];
        },
      }),
  },
];
