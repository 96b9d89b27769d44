import { type Case, type Folder, folders, type Goal, readCases } from "./corpus.ts";

/** The payload of the task `parse`: one file, and what a right parser says of it. */
export interface ParseInput extends Case {
  /** How long the handler waits before it parses, in ms; absent: not at all. */
  readonly slowMs?: number;
}

/** The payload of the task `relation`: a file of `pass`, and its twin of the same name in `pass-explicit`. */
export interface RelationInput {
  readonly file: string;
  readonly goal: Goal;
  readonly source: string;
  readonly twin: string;
  /** How long the handler waits before it parses, in ms; absent: not at all. */
  readonly slowMs?: number;
}

export const kinds = ["parse", "relation", "all"] as const;
export type Kind = (typeof kinds)[number];

export interface InputOptions {
  /** Default: all four, in their own order whatever the order here. Relations come from `pass` alone. */
  readonly folders?: readonly Folder[];
  /** How often the whole list is given, from 1. Default 1. */
  readonly repeat?: number;
  /** Put into every payload. Default 0: left out. */
  readonly slowMs?: number;
}

/** The payloads of one kind of task, or of both (`all`: first the files, then the relations), always in the same order. */
export function* inputsOf(kind: Kind, options: InputOptions = {}): Generator<ParseInput | RelationInput> {
  if (kind !== "relation") yield* parseInputs(options);
  if (kind !== "parse") yield* relationInputs(options);
}

/** One payload for each file. The files are read once, whatever `repeat` says. */
export function* parseInputs(options: InputOptions = {}): Generator<ParseInput> {
  const slow = slowness(options);
  yield* repeated(chosen(options).flatMap(readCases), options.repeat, (one): ParseInput => ({ ...one, ...slow }));
}

/** One payload for each file of `pass`; none where `folders` leaves `pass` out. Throws where a file has no twin. */
export function* relationInputs(options: InputOptions = {}): Generator<RelationInput> {
  if (!chosen(options).includes("pass")) return;
  const slow = slowness(options);
  const twins = new Map(readCases("pass-explicit").map(({ file, source }) => [file, source]));
  yield* repeated(readCases("pass"), options.repeat, ({ file, goal, source }): RelationInput => {
    const twin = twins.get(file);
    if (twin === undefined) throw new Error(`${file} of pass has no twin in pass-explicit`);
    return { file, goal, source, twin, ...slow };
  });
}

function chosen(options: InputOptions): readonly Folder[] {
  const wanted = options.folders ?? folders;
  return folders.filter((folder) => wanted.includes(folder));
}

function slowness({ slowMs = 0 }: InputOptions): { slowMs?: number } {
  return slowMs > 0 ? { slowMs } : {};
}

function* repeated<C, I>(cases: readonly C[], repeat = 1, payloadOf: (one: C) => I): Generator<I> {
  for (let round = 0; round < repeat; round += 1) for (const one of cases) yield payloadOf(one);
}
