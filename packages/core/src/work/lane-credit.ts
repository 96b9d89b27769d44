interface State {
  readonly weight: number;
  /** What its receive under way asked for; 0: none is. */
  asked: number;
  /** Does that receive wait on an empty lane? */
  standing: boolean;
  /** Did its last receive bring something? */
  active: boolean;
  /** What is left of its weight in this round. */
  turns: number;
}

/**
 * Divides a worker's free credit among its lanes. An empty lane keeps one standing receive of one frame, whatever the others do: that is all by which a
 * worker may hold more than its capacity. Everything else goes by weight among the lanes that brought something, and those do not stand: a large want
 * that waits on an empty lane would keep the others from it.
 */
export class LaneCredit {
  readonly #lanes: readonly State[];

  constructor(weights: readonly number[]) {
    this.#lanes = weights.map((weight) => ({ weight, asked: 0, standing: false, active: false, turns: weight }));
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
    if (!lane.standing) lane.turns = Math.min(lane.weight, lane.turns + Math.max(0, lane.asked - brought));
    lane.asked = 0;
    lane.active = brought > 0;
  }

  /** By weight where there is much, else turn by turn: of as many frames as the weights sum up to, each lane has its weight. */
  #share(lane: State, left: number): number {
    const rivals = this.#lanes.filter((other) => other.active && other.asked === 0);
    const free = left - this.#lanes.reduce((all, { asked, standing }) => all + (standing ? 0 : asked), 0);
    if (free < 1) return 0;
    const weights = rivals.reduce((all, { weight }) => all + weight, 0);
    if (free >= weights) return Math.floor((free * lane.weight) / weights);
    if (rivals.every(({ turns }) => turns === 0)) for (const rival of rivals) rival.turns = rival.weight;
    const share = Math.min(lane.turns, free);
    lane.turns -= share;
    return share;
  }
}
