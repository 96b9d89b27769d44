import type { Frame } from "../contract/index.ts";
import { IndexSet } from "./index-set.ts";

/** What the name of a frame is made of. */
export type Named = Pick<Frame, "run" | "first" | "count" | "round" | "attempt" | "copy">;

/** An ack that was lost shows within a lease; so many are plenty. */
const REMEMBERED = 10_000;

/** Frames whose names differ in nothing but the index of their first task. */
interface Line extends Omit<Named, "first"> {
  /** Their first indexes: those that came last, and those before. */
  young: IndexSet;
  old: IndexSet;
}

/**
 * The frames that this process has sent on, but perhaps not acked: what comes again under the same name is only acked. At least the last 10,000, at most twice
 * as many: where nothing is moved in one step each task of a pack is among them, and to make, keep and forget its name as a text would cost more than its send.
 */
export class RecentFrames {
  readonly #lines = new Map<string, Line>();
  /** Where one was looked for last: the next one is mostly there, too. */
  #last: Line | undefined;
  #young = 0;

  has(frame: Named): boolean {
    const line = this.#lineOf(frame);
    if (line === undefined) return false;
    const { first } = frame;
    return line.young.has(first) || line.old.has(first);
  }

  add(frame: Named): void {
    const { first } = frame;
    let line = this.#lineOf(frame);
    if (line?.young.has(first) === true) return;
    if (this.#young === REMEMBERED) {
      this.#age();
      line = this.#lineOf(frame);
    }
    this.#young += 1;
    (line ?? this.#begin(frame)).young.add(first);
  }

  #lineOf(frame: Named): Line | undefined {
    // Where settling is one step hardly anything is ever here.
    if (this.#lines.size === 0) return undefined;
    const last = this.#last;
    if (last !== undefined && isIn(last, frame)) return last;
    const found = this.#lines.get(restOfName(frame));
    if (found !== undefined) this.#last = found;
    return found;
  }

  #begin({ run, count, round, attempt, copy }: Named): Line {
    const line: Line = { run, count, round, attempt, copy, young: new IndexSet(), old: new IndexSet() };
    this.#lines.set(restOfName(line), line);
    this.#last = line;
    return line;
  }

  #age(): void {
    for (const [name, line] of this.#lines) {
      line.old = line.young;
      line.young = new IndexSet();
      if (line.old.size === 0) this.#lines.delete(name);
    }
    this.#last = undefined;
    this.#young = 0;
  }
}

function isIn(line: Line, frame: Named): boolean {
  return (
    line.run === frame.run &&
    line.attempt === frame.attempt &&
    line.count === frame.count &&
    line.copy === frame.copy &&
    line.round === frame.round
  );
}

function restOfName({ run, count, round, attempt, copy }: Omit<Named, "first">): string {
  return `${run}+${count}#${round}.${attempt}~${copy}`;
}
