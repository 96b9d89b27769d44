import type { Backend, OutFrame, Queue } from "@org/dispatch-core/contract";
import { wrap } from "./wrap.ts";

/** A broker that says `"ok"` to frames and loses them: those for which `loses` answers true. */
export function dropping(inner: Backend, loses: (queue: Queue, frame: OutFrame) => boolean): Backend {
  const { move } = wrap(inner);
  return wrap(inner, {
    async send(queue, frames, signal) {
      const kept = frames.map((frame) => !loses(queue, frame));
      const outcomes = await inner.send(
        queue,
        frames.filter((_, index) => kept[index]),
        signal,
      );
      let next = 0;
      return kept.map((isKept) => (isKept ? (outcomes[next++] ?? "ok") : "ok"));
    },
    ...(move && {
      move: (moves, signal) =>
        move(
          moves.map((one) => ({ ...one, sends: one.sends.filter(({ queue, frame }) => !loses(queue, frame)) })),
          signal,
        ),
    }),
  });
}
