import type { Observer } from "./contract/index.ts";
import { guard, isGuarded } from "./errors.ts";

/** Several observers as one: each sees all, and what one throws keeps nothing from the others. `undefined` where there is none, so that it costs nothing. */
export function joinObservers(...observers: readonly (Observer | undefined)[]): Observer | undefined {
  const all = observers.filter((observer) => observer !== undefined);
  const [first] = all;
  if (first === undefined || all.length === 1) return first;
  const guarded = all.map((observer) => guard(observer) as Observer);
  const [one, other] = guarded as [Observer, Observer];
  // The usual pair: a loop would cost each event as much as the observers do.
  if (guarded.length === 2)
    return isGuarded((event) => {
      one(event);
      other(event);
    });
  return isGuarded((event) => {
    for (const observe of guarded) observe(event);
  });
}
