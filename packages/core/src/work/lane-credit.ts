interface State {
  readonly weight: number;
  /** What its receive under way asked for; 0: none is. */
  asked: number;
  /** Does that receive wait on an empty lane? */
  standing: boolean;
  /** Did its last receive bring something? */
  active: boolean;
  /** How many rounds it has had: what it took, by its weight. */
  rounds: number;
}

/** What is left of a sum of thirds. */
const EPSILON = 1e-6;

/**
 * Divides a worker's free credit among its lanes. An empty lane keeps one standing receive of one frame, whatever the others do: that is all by which a
 * worker may hold more than its capacity. Everything else goes by weight among the lanes that brought something, and those do not stand: a large want
 * that waits on an empty lane would keep the others from it.
 */
export class LaneCredit {
  readonly #lanes: readonly State[];

  constructor(weights: readonly number[]) {
    this.#lanes = weights.map((weight) => ({ weight, asked: 0, standing: false, active: false, rounds: 0 }));
  }

  /** How many frames lane `index` may ask for now, of `left` that the worker could still take. Counted until `answered`. */
  ask(index: number, left: number): number {
    const lane = this.#lanes[index] as State;
    if (left < 1) return 0;
    const alone = this.#lanes.length === 1;
    lane.standing = !alone && !lane.active;
    lane.asked = alone ? left : lane.active ? this.#share(lane, left) : 1;
    return lane.asked;
  }

  /** May a receive of `max` frames wait for one, or does it take only what is there? */
  stands(index: number): boolean {
    return this.#lanes.length === 1 || (this.#lanes[index] as State).standing;
  }

  answered(index: number, brought: number): void {
    const lane = this.#lanes[index] as State;
    if (!lane.standing) lane.rounds -= Math.max(0, lane.asked - brought) / lane.weight;
    else if (brought > 0 && !lane.active) lane.rounds = this.#rejoined(lane);
    lane.asked = 0;
    lane.active = brought > 0;
  }

  /**
   * By weight: so much that it is at most one round before the rival that has had the least. A round is what there is room for, what is under way
   * included, or as many frames as the weights sum up to. A lane whose receive is under way is a rival like any other: it may be back for more soon, and
   * where receives take long, most are under way most of the time.
   */
  #share(lane: State, left: number): number {
    let weights = 0;
    let free = left;
    for (const { active, weight, standing, asked } of this.#lanes) {
      if (active) weights += weight;
      if (!standing) free -= asked;
    }
    if (free < 1) return 0;
    const ahead = lane.rounds - this.#leastRounds();
    const share = Math.floor((Math.max(1, left / weights) - ahead) * lane.weight + EPSILON);
    const most = Math.max(0, Math.min(share, free));
    lane.rounds += most / lane.weight;
    return most;
  }

  /** While it was empty a lane has neither saved up anything, nor is what it had long ago held against it. */
  #rejoined({ rounds }: State): number {
    const least = this.#leastRounds();
    return Number.isFinite(least) ? Math.min(Math.max(rounds, least), least + 1) : rounds;
  }

  /** Infinite where no lane is active. */
  #leastRounds(): number {
    return Math.min(...this.#lanes.filter(({ active }) => active).map(({ rounds }) => rounds));
  }
}
