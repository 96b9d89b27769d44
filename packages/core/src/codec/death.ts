import type { DeathNote } from "../contract/index.ts";

/** Still enough to see what it was about. */
const BRIEF_CHARACTERS = 120;

/** A note of death in ever fewer words: a letter that does not get through the door would come back as work for ever. */
export function* shorterNotes(note: DeathNote): Generator<DeathNote, undefined> {
  yield note;
  const { name, message, code, cause } = note.error;
  const own = cause === undefined ? {} : { cause };
  yield { ...note, error: { name, message, code, ...own } };
  yield { ...note, error: { name, message: message.slice(0, BRIEF_CHARACTERS).toWellFormed(), code, ...own } };
  yield { ...note, error: { name: "Error", message: "", code } };
}
