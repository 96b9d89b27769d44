import { seededRandom } from "../world/random.ts";

/** A seeded random source with the few forms that a simulation draws in. */
export class Dice {
  readonly random: () => number;

  /** The same text, the same draws. */
  constructor(seed: string) {
    this.random = seededRandom(seed);
    // The first numbers of seeds that differ in one sign are alike.
    for (let skipped = 0; skipped < 4; skipped += 1) this.random();
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  pick<T>(from: readonly [T, ...(readonly T[])]): T {
    return from[this.whole(0, from.length - 1)] as T;
  }
}
