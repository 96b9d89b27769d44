import type { KeptFrame } from "./kept-frame.ts";
import { type Evidence, listen, type Suspicion } from "./silence.ts";
import type { Window } from "./window.ts";

/** What is done about a task that the broker has lost. */
export interface LookoutPort {
  /** `kept`: the frame of this task alone. */
  resend(kept: KeptFrame): void;
  vanished(index: number, resends: number): void;
}

/** Looks for tasks that the broker has lost. Answers the bands in which a probe would help. */
export function lookOut(window: Window, evidence: Evidence, port: LookoutPort): ReadonlySet<number> {
  const probes = new Set<number>();
  const heard = new Map<KeptFrame, Suspicion>();
  for (const [index, kept] of window.entries()) {
    // Who is told of one may have ended the others.
    if (window.get(index) !== kept) continue;
    const suspicion = heard.get(kept) ?? listen(kept, evidence);
    if (kept.count > 1) heard.set(kept, suspicion);
    if (suspicion === "probe") probes.add(kept.way.band);
    else if (suspicion === "vanished") port.vanished(index, kept.resends);
    else if (suspicion === "resend") {
      const own = window.own(index);
      if (own !== undefined) port.resend(own);
    }
  }
  return probes;
}

/** A worker has tasks in hand, from `first` on. Answers their frames; where it does not have the whole of one, those of its tasks alone. */
export function held(window: Window, first: number, count: number): ReadonlySet<KeptFrame> {
  const frames = new Set<KeptFrame>();
  for (let index = first; index < first + count; index += 1) {
    const kept = window.get(index);
    if (kept === undefined || frames.has(kept)) continue;
    const named = kept.isWithin(first, count) ? kept : window.own(index);
    if (named !== undefined) frames.add(named);
  }
  return frames;
}
