import type { Place, Share } from "./port.ts";

/** Partitions one by one, as books are kept of them, from the form by topic in which a broker is asked. */
export function placesOf(share: Share): Place[] {
  return [...share].flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
}

/** The way back: by topic. */
export function shareOf(places: Iterable<Place>): Share {
  const share = new Map<string, number[]>();
  for (const { topic, partition } of places) share.set(topic, [...(share.get(topic) ?? []), partition]);
  return share;
}

/** The same for the same place. */
export function keyOf({ topic, partition }: Place): string {
  return `${topic}/${partition}`;
}
