import type { Expectation, Folder, Goal } from "./corpus.ts";
import type { ParseInput, RelationInput } from "./inputs.ts";
import { baseline, candidate, judge, type Parser, type Verdict } from "./parser.ts";
import { firstDifference } from "./tree.ts";

/** The result of the task `parse`: says by itself which file it is of, since results come in the order of completion. */
export interface ParseOutput {
  readonly file: string;
  readonly folder: Folder;
  readonly goal: Goal;
  readonly expected: Expectation;
  readonly baseline: Verdict;
  readonly candidate: Verdict;
}

/** Does the relation hold for one parser, and if not, why. */
interface Holding {
  readonly holds: boolean;
  /** The path in the tree where file and twin first differ, or which of them was rejected. */
  readonly difference?: string;
}

/** The result of the task `relation`: the trees are compared within each parser, never between the two. */
export interface RelationOutput {
  readonly file: string;
  readonly baseline: Holding;
  readonly candidate: Holding;
}

/** Both verdicts on one file. Pure but for the times. */
export function judgeCase({ file, folder, goal, source, expected }: ParseInput): ParseOutput {
  const verdictOf = (parser: Parser): Verdict => {
    const { tree: _, ...verdict } = judge(parser, source, goal);
    return verdict;
  };
  return { file, folder, goal, expected, baseline: verdictOf(baseline), candidate: verdictOf(candidate) };
}

/** The metamorphic relation: a file and its twin must have equal trees, but for positions and raw text. Pure. */
export function judgeRelation({ file, goal, source, twin }: RelationInput): RelationOutput {
  const holdingOf = (parser: Parser): Holding => {
    const one = judge(parser, source, goal);
    const other = judge(parser, twin, goal);
    if (one.verdict === "reject") return { holds: false, difference: "the file is rejected" };
    if (other.verdict === "reject") return { holds: false, difference: "the twin is rejected" };
    const difference = firstDifference(one.tree, other.tree);
    return difference === undefined ? { holds: true } : { holds: false, difference };
  };
  return { file, baseline: holdingOf(baseline), candidate: holdingOf(candidate) };
}
