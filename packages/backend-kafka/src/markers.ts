import { decodeNote } from "@org/dispatch-core/adapter-kit";
import { keyOf, placesOf, shareOf } from "./places.ts";
import type { Assignments, LogLink } from "./port.ts";

/**
 * What the leader tells each member beside its share: who of the group has marked any of it as handed out, and so gives it back rather than loses it. Not who
 * is in the group, of which each share needs little, and which grows with the square of the members in the one record that the broker keeps of a group. No
 * member can commit between the join and the answer of the leader, so that this is what each one finds.
 */
export async function markersOf(
  link: LogLink,
  group: string,
  assignments: Assignments,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const all = [...assignments].flatMap(([id, share]) => placesOf(share).map((place) => ({ ...place, id })));
  const owners = new Map(all.map((place) => [keyOf(place), place.id]));
  const told = new Map<string, Set<string>>();
  if (all.length === 0) return told;
  for (const commit of await link.committed(group, shareOf(all))) {
    const owner = owners.get(keyOf(commit)) ?? "";
    const by = decodeNote(Math.max(0, commit.offset), commit.note)?.by ?? owner;
    if (by !== owner && assignments.has(by)) told.set(owner, (told.get(owner) ?? new Set()).add(by));
  }
  return told;
}
