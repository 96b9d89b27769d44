import type { BrowsePage, Page } from "../../contract/index.ts";
import { MemoryError } from "../memory-error.ts";
import type { FrameState } from "./store.ts";

/** One page, in the order of the sends; a cursor stays good while frames come and go. */
export function pageOf(
  all: readonly { readonly bytes: Uint8Array; readonly state: FrameState; readonly sequence: number }[],
  page: Page,
): BrowsePage {
  const after = page.cursor === undefined ? -1 : Number(page.cursor);
  if (!Number.isSafeInteger(after)) throw new MemoryError("MISMATCH", "the cursor is not one of the memory backend's");
  const from = all.filter(({ sequence }) => sequence > after);
  const shown = from.slice(0, Math.max(1, page.max));
  const frames = shown.map(({ bytes, state }) => ({ bytes, state }));
  return from.length === shown.length ? { frames } : { frames, cursor: String(shown.at(-1)?.sequence) };
}
