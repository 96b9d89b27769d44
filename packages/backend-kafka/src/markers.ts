import { decodeNote } from "@org/dispatch-core/adapter-kit";
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
): Promise<ReadonlyMap<string, readonly string[]>> {
  const share = new Map<string, number[]>();
  for (const shares of assignments.values())
    for (const [topic, partitions] of shares) share.set(topic, [...(share.get(topic) ?? []), ...partitions]);
  if (share.size === 0) return new Map();
  const markers = new Map<string, string>();
  for (const { topic, partition, offset, note } of await link.committed(group, share)) {
    const by = decodeNote(Math.max(0, offset), note)?.by;
    if (by !== undefined && assignments.has(by)) markers.set(`${topic}/${partition}`, by);
  }
  return new Map(
    [...assignments].map(([id, shares]) => {
      const places = [...shares].flatMap(([topic, partitions]) => partitions.map((each) => `${topic}/${each}`));
      const told = new Set(places.map((place) => markers.get(place)).filter((by) => by !== undefined && by !== id));
      return [id, [...told] as string[]];
    }),
  );
}
