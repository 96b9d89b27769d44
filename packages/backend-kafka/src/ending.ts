import type { Clock } from "@org/dispatch-core/contract";

/** So long an orderly end may take; without it the broker notices after a session, and what was not written is done again. */
const END_MS = 2_000;

/** Waits for the end of something, but not for a broker that is silent. */
export async function endOf(clock: Clock, ending: Promise<void> | undefined): Promise<void> {
  const bound = Promise.withResolvers<void>();
  const timer = clock.after(END_MS, bound.resolve);
  await Promise.race([ending, bound.promise]);
  timer.cancel();
}
