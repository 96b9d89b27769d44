import { type Expectation, type Folder, folders } from "./corpus.ts";
import type { ParseOutput, RelationOutput } from "./judgement.ts";

/** How many cases of a folder there were, and how many each parser got right. */
export interface FolderCount {
  cases: number;
  baselineRight: number;
  candidateRight: number;
}

/** A file on which the two parsers disagree. */
export interface Disagreement {
  readonly folder: Folder;
  readonly file: string;
  readonly expected: Expectation;
  readonly baseline: Expectation;
  readonly candidate: Expectation;
}

/** What the results add up to, whatever order they come in. */
export class Tally {
  readonly folders: Readonly<Record<Folder, FolderCount>> = {
    pass: emptyCount(),
    "pass-explicit": emptyCount(),
    fail: emptyCount(),
    early: emptyCount(),
  };
  readonly relation = { cases: 0, baselineHolds: 0, candidateHolds: 0 };
  /** Rejections by an error that is not a SyntaxError: right or wrong by chance, and a fault of the parser either way. */
  readonly crashes = { baseline: 0, candidate: 0 };
  /** Handler time inside each parser, in ms, over the task `parse`. */
  readonly parseMs = { baseline: 0, candidate: 0 };
  readonly #disagreements: Disagreement[] = [];

  addParse({ folder, file, expected, baseline, candidate }: ParseOutput): void {
    const count = this.folders[folder];
    count.cases += 1;
    if (baseline.verdict === expected) count.baselineRight += 1;
    if (candidate.verdict === expected) count.candidateRight += 1;
    if (baseline.error !== undefined && baseline.error.name !== "SyntaxError") this.crashes.baseline += 1;
    if (candidate.error !== undefined && candidate.error.name !== "SyntaxError") this.crashes.candidate += 1;
    this.parseMs.baseline += baseline.durationMs;
    this.parseMs.candidate += candidate.durationMs;
    if (baseline.verdict !== candidate.verdict) {
      this.#disagreements.push({ folder, file, expected, baseline: baseline.verdict, candidate: candidate.verdict });
    }
  }

  addRelation({ baseline, candidate }: RelationOutput): void {
    this.relation.cases += 1;
    if (baseline.holds) this.relation.baselineHolds += 1;
    if (candidate.holds) this.relation.candidateHolds += 1;
  }

  /** In the order of the inputs, so that two runs print the same. */
  get disagreements(): readonly Disagreement[] {
    return this.#disagreements.toSorted(
      (a, b) => folders.indexOf(a.folder) - folders.indexOf(b.folder) || (a.file < b.file ? -1 : 1),
    );
  }
}

function emptyCount(): FolderCount {
  return { cases: 0, baselineRight: 0, candidateRight: 0 };
}
