import type { Backend, Move, OutFrame, Queue, SendOutcome } from "@org/dispatch-core/contract";
import { wrap } from "./wrap.ts";

export interface DuplicateOptions {
  /** Which frames come twice; default: every frame of every queue. */
  readonly which?: (queue: Queue, frame: OutFrame) => boolean;
}

/** A broker that delivers frames twice, as any may after a lost answer. */
export function duplicate(inner: Backend, options: DuplicateOptions = {}): Backend {
  const { which = () => true } = options;
  const { move } = wrap(inner);
  return wrap(inner, {
    async send(queue, frames, signal) {
      const outcomes: readonly SendOutcome[] = await inner.send(queue, frames, signal);
      const twice = frames.filter((frame, index) => outcomes[index] === "ok" && which(queue, frame)).map(copy);
      if (twice.length > 0) await inner.send(queue, twice, signal);
      return outcomes;
    },
    ...(move && {
      move: (moves, signal) =>
        move(
          moves.map((one) => ({ ...one, sends: doubled(one, which) })),
          signal,
        ),
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
