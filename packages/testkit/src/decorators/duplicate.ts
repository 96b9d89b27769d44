import type { Backend, Move, OutFrame, Queue, SendOutcome } from "@org/dispatch-core/contract";
import { wrap } from "./wrap.ts";

export interface DuplicateOptions {
  /** Which frames come twice; default: every frame of every queue. */
  readonly which?: (queue: Queue, frame: OutFrame) => boolean;
  /**
   * Also where the broker refuses the second one: as if it looked neither at ids nor at leases. Default false: then a broker that dedupes, or that sends and
   * acks in one step, has one frame all the same (I12), and only others have two.
   */
  readonly regardless?: boolean;
}

/** A broker to which every send arrives twice, as after an answer that was lost. What the second one is answered is not heard. */
export function duplicate(inner: Backend, options: DuplicateOptions = {}): Backend {
  const { which = () => true, regardless = false } = options;
  const { move } = wrap(inner);
  const again = regardless ? copy : (frame: OutFrame) => frame;
  return wrap(inner, {
    async send(queue, frames, signal) {
      const outcomes: readonly SendOutcome[] = await inner.send(queue, frames, signal);
      const twice = frames.filter((frame, index) => outcomes[index] === "ok" && which(queue, frame)).map(again);
      if (twice.length > 0) await inner.send(queue, twice, signal);
      return outcomes;
    },
    ...(move && {
      async move(moves, signal) {
        if (regardless)
          return move(
            moves.map((one) => ({ ...one, sends: doubled(one, which) })),
            signal,
          );
        const outcomes = await move(moves, signal);
        const twice = moves.filter(({ sends }) => sends.some(({ queue, frame }) => which(queue, frame)));
        if (twice.length > 0) await move(twice, signal);
        return outcomes;
      },
    }),
  });
}

function doubled({ sends }: Move, which: (queue: Queue, frame: OutFrame) => boolean): Move["sends"] {
  return sends.flatMap((send) =>
    which(send.queue, send.frame) ? [send, { ...send, frame: copy(send.frame) }] : [send],
  );
}

/** The same bytes, not refused as a duplicate. */
function copy({ bytes, name, id, priority, delayMs, key }: OutFrame): OutFrame {
  return { bytes, name, id, priority, delayMs, key, first: false };
}
