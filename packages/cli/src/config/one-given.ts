import { isDeepStrictEqual } from "node:util";
import type { Given } from "./givens.ts";
import type { Problem } from "./problem.ts";

/** Of two keys that say the same, the one that wins, with a warning. */
const WINNERS: readonly { readonly winner: string; readonly loser: string }[] = [
  { winner: "visibility_timeout", loser: "lease_seconds" },
];

/** The one value of an option that a file gives under several keys: the winner's; or the same from all; else a problem. */
export function oneGiven(givens: readonly Given[], problems: Problem[], warnings: Problem[]): Given | undefined {
  const left = givens.filter((given) => {
    const winner = givens.find(({ key }) => WINNERS.some((pair) => pair.winner === key && pair.loser === given.key));
    if (winner === undefined) return true;
    warnings.push({ path: given.path, line: given.line, message: `has no effect: ${winner.path} wins` });
    return false;
  });
  const [first, ...rest] = left;
  for (const { path, line, value, option } of rest)
    if (!isDeepStrictEqual(value, first?.value))
      problems.push({
        path,
        line,
        message: `${first?.path} says something else for ${option.key}; keep one of the two`,
      });
  return first;
}
