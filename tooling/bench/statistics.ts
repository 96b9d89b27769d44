/** What many runs of one thing come to. Pure. */

/** The smallest, the middle and the largest of some figures. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The middle of `values`; of an even number of them the mean of the two in the middle. Throws a RangeError where there are none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which `share` (0 to 1) of `values` lie, with straight lines between neighbours. Throws a RangeError where there are none. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("a quantile of nothing");
  const sorted = values.toSorted((one, other) => one - other);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

export function spread(values: readonly number[]): Spread {
  return { min: quantile(values, 0), median: median(values), max: quantile(values, 1) };
}

/**
 * How many times better `of` is than `to`: the median of the ratios of each round, so that what slowed a whole round down is in both halves of its
 * ratio. Above 1 is better for `of`. The two have one value a round, in the same order.
 */
export function pairedRatio(of: readonly number[], to: readonly number[], better: "more" | "less"): number {
  if (of.length !== to.length) throw new RangeError(`${of.length} rounds against ${to.length}`);
  return median(
    of.map((value, round) => {
      const other = to[round] as number;
      return better === "more" ? value / other : other / value;
    }),
  );
}
