interface State {
  readonly weight: number;
  /** What its receive under way asked for; 0: none is. */
  asked: number;
  /** Did its last receive bring something? */
  active: boolean;
}

/**
 * Divides a worker's free credit among its lanes. An empty lane keeps one standing receive of one frame; what is left goes by weight among the lanes that
 * brought something, and those do not stand: a large want that waits on an empty lane would keep the others from it.
 */
export class LaneCredit {
  readonly #lanes: readonly State[];

  constructor(weights: readonly number[]) {
    this.#lanes = weights.map((weight) => ({ weight, asked: 0, active: false }));
  }

  /** How many frames lane `index` may ask for now, of `left` that the worker could still take. Counted until `answered`. */
  ask(index: number, left: number): number {
    const lane = this.#lanes[index] as State;
    if (left < 1) return 0;
    const alone = this.#lanes.length === 1;
    lane.asked = alone ? left : lane.active ? Math.max(1, this.#share(lane, left)) : 1;
    return lane.asked;
  }

  /** May a receive of `max` frames wait for one, or does it take only what is there? */
  stands(max: number): boolean {
    return max === 1 || this.#lanes.length === 1;
  }

  answered(index: number, brought: number): void {
    const lane = this.#lanes[index] as State;
    lane.asked = 0;
    lane.active = brought > 0;
  }

  #share(lane: State, left: number): number {
    let free = left;
    let weights = 0;
    for (const other of this.#lanes) {
      if (other.asked > 0) free -= other.asked;
      else if (other.active) weights += other.weight;
      else free -= 1;
    }
    return Math.ceil((free * lane.weight) / weights);
  }
}
