import { decodeDone, encodeDone } from "./done-set.ts";

/** What a commit's metadata may hold at most: `offset.metadata.max.bytes`, 4,096 by default (Kafka broker configuration). */
export const NOTE_CHARACTERS = 4_096;

/** What stands beside the committed offset of a partition. All offsets are at or above that offset, or mean nothing. */
export interface PartitionNote {
  /** Done above the watermark, ascending. */
  readonly done: readonly number[];
  /** The grant mark: one above the highest offset that was handed out; `undefined` after an orderly close. */
  readonly grantedBelow?: number | undefined;
  /** The group member that handed them out. */
  readonly by: string;
  /** What is not done below this was lost with an earlier holder, and was perhaps not handed out since. */
  readonly lostBelow: number;
}

/** Writes a note for a commit of `base`. Never longer than `mostCharacters`: where the done set does not fit, its top is left out and comes again. */
export function encodeNote(base: number, note: PartitionNote, mostCharacters: number = NOTE_CHARACTERS): string {
  const granted = note.grantedBelow === undefined ? "" : String(note.grantedBelow);
  const head = `1;${granted};${note.lostBelow};${encodeURIComponent(note.by)};`;
  if (head.length > mostCharacters) throw new RangeError(`the member's id ${note.by} is too long for a commit's note`);
  return head + encodeDone(base, note.done, mostCharacters - head.length);
}

/** Reads a note; `undefined` for one that is not ours or damaged. Then nothing above the watermark counts as done, or as lost. */
export function decodeNote(base: number, text: string): PartitionNote | undefined {
  const parts = /^1;(\d*);(\d+);([^;]*);([^;]*)$/.exec(text);
  const done = parts === null ? undefined : decodeDone(base, parts[4] as string);
  if (parts === null || done === undefined) return undefined;
  const grantedBelow = parts[1] === "" ? undefined : Number(parts[1]);
  try {
    return { done, grantedBelow, lostBelow: Number(parts[2]), by: decodeURIComponent(parts[3] as string) };
  } catch {
    return undefined;
  }
}

/**
 * Who takes a partition over decides here what its holder lost: what is not done below the answer counts as lost once. Handed out by a member that is
 * gone, it was lost; by one that is still in the group (a rebalance), or by this process under an earlier id, it was only given back.
 */
export function lostAtTakeOver(
  note: PartitionNote | undefined,
  group: { readonly members: ReadonlySet<string>; readonly own: ReadonlySet<string> },
): number {
  if (note === undefined) return 0;
  const { grantedBelow, by, lostBelow } = note;
  if (grantedBelow === undefined || group.members.has(by) || group.own.has(by)) return lostBelow;
  return Math.max(lostBelow, grantedBelow);
}
