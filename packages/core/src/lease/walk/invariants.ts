/** What must hold of one task in every state, by the ids of the conformance suite. What is about a single step stands where the step is done. */
import type { Rules, World } from "./bounds.ts";
import { mayWrite } from "./holder.ts";
import { type Hold, isFinal, type TaskState } from "./task-state.ts";

export interface Limits {
  readonly maxAttempts: number;
  readonly maxLost: number;
}

type Check = (task: TaskState, world: World, rules: Rules, limits: Limits) => boolean;

/** A line with its wording; true is good. */
const always: readonly (readonly [wording: string, check: Check])[] = [
  [
    "I1: a task is nowhere",
    ({ frames, replies, outcome }) => frames.length + replies.length > 0 || outcome !== undefined,
  ],
  ["I3: more than one outcome was accepted", ({ accepted }) => accepted <= 1],
  [
    "I6: two holders of a frame may write",
    ({ frames, holds }, _world, rules) =>
      // A settlement that the broker has taken may be told again, but that is not to hold it.
      frames.every(({ id, lease }) => {
        const tells = (hold: Hold) => hold.state.at === "settling" && hold.grant !== lease?.grant;
        return holds.filter((hold) => hold.frame === id && mayWrite(hold, rules) && !tells(hold)).length <= 1;
      }),
  ],
  [
    "I6: a holder counts on a lease that the broker has ended",
    ({ frames, holds }, _world, rules) =>
      holds.every((hold) => {
        if (hold.state.at === "settling" || isFinal(hold.state) || !mayWrite(hold, rules)) return true;
        return frames.some(({ lease }) => lease?.grant === hold.grant);
      }),
  ],
  [
    "I8: a counter is past its limit",
    ({ frames }, _world, _rules, { maxAttempts, maxLost }) =>
      frames.every(({ line, redelivery }) => line.attempt < maxAttempts && line.lost <= maxLost && redelivery >= 0),
  ],
];

/** Only where a settlement is one step: without that, lines may fork (design: a run still takes one outcome). */
const unforked: typeof always = [
  ["I1: a task has more than one frame", ({ frames }) => frames.length <= 1],
  ["I3: a task has ended twice", ({ history }) => history.ends <= 1],
  ["I3: a task has ended and goes on", ({ history, frames }) => history.ends === 0 || frames.length === 0],
  [
    "I8: failures or losses are not what happened",
    ({ frames, history }) =>
      frames.every(
        ({ line, redelivery }) => line.attempt === history.failures && line.lost + redelivery === history.losses,
      ),
  ],
  [
    "I16: the accepted result is not of the accepted attempt",
    ({ outcome, history }) => outcome === undefined || JSON.stringify(outcome) === JSON.stringify(history.end),
  ],
];

export function brokenIn(task: TaskState, world: World, rules: Rules, limits: Limits): string[] {
  const list = world.settling === "move" ? [...always, ...unforked] : always;
  return list.filter(([, check]) => !check(task, world, rules, limits)).map(([wording]) => wording);
}
