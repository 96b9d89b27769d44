import type { BrowsePage, Page } from "@org/dispatch-core/contract";
import { RedisRefusal } from "./redis-error.ts";

type State = BrowsePage["frames"][number]["state"];

/** State, priority or ms, entry, index: where a page ended. */
type PlaceAnswer = readonly [Buffer, Buffer | number, Buffer, number];

const CURSOR = /^(ready|delayed|leased):([\d.e+]+):((?:[0-9a-f]{2})+):(\d+)$/;

/** What the script is told: where the page before ended, or the beginning. */
export function cursorOf({ cursor, max }: Page): (string | number | Buffer)[] {
  const most = Math.max(1, Math.min(1_000, max));
  if (cursor === undefined) return ["ready", 10, "", -1, most];
  const parts = CURSOR.exec(cursor);
  if (parts === null) throw new RedisRefusal("MISMATCH", "the cursor is not one of the Redis backend's");
  const [, state, major, entry, index] = parts as unknown as [string, string, string, string, string];
  return [state, major, Buffer.from(entry, "hex"), Number(index), most];
}

export function pageOf([state, major, entry, index, ...rest]: readonly [...PlaceAnswer, ...Buffer[]]): BrowsePage {
  const frames: { bytes: Buffer; state: State }[] = [];
  for (let at = 0; at < rest.length; at += 2)
    frames.push({ state: String(rest[at]) as State, bytes: rest[at + 1] as Buffer });
  const cursor = `${String(state)}:${String(major)}:${entry.toString("hex")}:${index}`;
  return state.length === 0 ? { frames } : { frames, cursor };
}
