import type { Backend, Delivery, Queue } from "@org/dispatch-core/contract";
import { seededRandom } from "../world/random.ts";
import { wrap } from "./wrap.ts";

export interface ReorderOptions {
  /** Which queues; default: all. */
  readonly which?: (queue: Queue) => boolean;
  /** How long one frame may be held back so that later ones overtake it, in ms; default 50. */
  readonly ms?: number;
  /** The same seed shuffles in the same way; default `reorder`. */
  readonly seed?: string;
}

/**
 * A broker that delivers frames in another order than they came: those of one receive are shuffled, and frames are sent late by up to `ms`, each by its own
 * time, where the broker has a native delay. For backends whose profile promises no order: it says `order: "none"`.
 */
export function reorder(inner: Backend, options: ReorderOptions = {}): Backend {
  const { which = () => true, ms = 50, seed = "reorder" } = options;
  const random = seededRandom(seed);
  const { limits, sendDelayMs } = inner.profile;
  const longestMs = Math.min(ms, sendDelayMs);
  // What this holds back is late by as much.
  const profile = {
    ...inner.profile,
    order: "none",
    limits: { ...limits, delayPrecisionMs: limits.delayPrecisionMs + longestMs },
  } as const;
  return wrap(inner, {
    profile,
    send(queue, frames, signal) {
      if (!which(queue) || longestMs === 0) return inner.send(queue, frames, signal);
      const late = frames.map(({ bytes, name, id, first, priority, delayMs, key }) => ({
        ...{ bytes, name, id, first, priority, key },
        delayMs: Math.min(delayMs + Math.floor(random() * (longestMs + 1)), sendDelayMs),
      }));
      return inner.send(queue, late, signal);
    },
    async receive(queue, want, signal) {
      const deliveries = await inner.receive(queue, want, signal);
      return which(queue) ? shuffled(deliveries, random) : deliveries;
    },
  });
}

function shuffled(deliveries: readonly Delivery[], random: () => number): Delivery[] {
  const all = [...deliveries];
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other] as Delivery, all[last] as Delivery];
  }
  return all;
}
