import type { Limits } from "./contract/index.ts";

/** Cuts the places of items (at least one) into batches that a call may hold: by count, and where they have a size by that, too. One that is too large goes alone. */
export function batchesOf(
  places: readonly number[],
  { batchFrames, batchBytes }: Pick<Limits, "batchFrames" | "batchBytes">,
  sizeOf: ((place: number) => number) | undefined,
): readonly (readonly number[])[] {
  if (sizeOf === undefined && places.length <= batchFrames) return [places];
  const batches: number[][] = [];
  let batch: number[] = [];
  let bytes = 0;
  for (const place of places) {
    const size = sizeOf?.(place) ?? 0;
    if (batch.length > 0 && (batch.length >= batchFrames || bytes + size > batchBytes)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(place);
    bytes += size;
  }
  batches.push(batch);
  return batches;
}
