import type { VirtualClock } from "@org/dispatch-core";

/** Moves a clock on until a promise is settled, and answers it. */
export async function until<T>(clock: VirtualClock, answer: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = () => {
    isSettled = true;
  };
  answer.then(settled, settled);
  await clock.advanceUntil(() => isSettled, 600_000);
  return answer;
}
