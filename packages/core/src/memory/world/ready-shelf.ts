import type { Profile } from "../../contract/index.ts";
import { Heap } from "./heap.ts";
import type { WorldFrame } from "./world-frame.ts";

type ShelfFacts = Pick<
  Profile,
  "priorityLevels" | "priorityOrder" | "starvationGrants" | "requeueKeepsPriority" | "order"
>;

/**
 * What a queue of messages can hand out, in the order that the profile says: by native priority or not, strictly or mixed, with or without a bound on
 * starvation, as sent or roughly so. Frames that come back without their priority go before all others, as RabbitMQ's returns do.
 */
export class ReadyShelf {
  readonly #facts: ShelfFacts;
  /** How far a frame is moved from its place; 0 where the order is that of the sends. */
  readonly #disorder: () => number;
  readonly #levels: readonly Heap<WorldFrame>[];
  #passed = 0;
  #mixed = 0;
  size = 0;

  constructor(facts: ShelfFacts, disorder: () => number) {
    this.#facts = facts;
    this.#disorder = facts.order === "none" ? disorder : () => 0;
    this.#levels = Array.from({ length: Math.max(1, facts.priorityLevels) + 1 }, () => new Heap(comesBefore));
  }

  /** All frames, in no order. */
  *frames(): Generator<WorldFrame> {
    for (const level of this.#levels) yield* level.items;
  }

  /** Adds a frame; by its sequence it finds its place, also one that was here before. */
  put(frame: WorldFrame, comesBack: boolean): void {
    const { priorityLevels, requeueKeepsPriority } = this.#facts;
    const returns = this.#levels.length - 1;
    const own = priorityLevels === 0 ? 0 : Math.min(returns - 1, Math.floor((frame.priority * priorityLevels) / 11));
    frame.level = comesBack && !requeueKeepsPriority ? returns : own;
    frame.order = frame.sequence + this.#disorder();
    frame.state = "ready";
    (this.#levels[frame.level] as Heap<WorldFrame>).push(frame);
    this.size += 1;
  }

  /** Takes the frame whose turn it is. */
  shift(): WorldFrame | undefined {
    const frame = this.#turn()?.first;
    if (frame !== undefined) this.remove(frame);
    return frame;
  }

  remove(frame: WorldFrame): void {
    (this.#levels[frame.level] as Heap<WorldFrame>).remove(frame);
    this.size -= 1;
  }

  #turn(): Heap<WorldFrame> | undefined {
    const occupied = this.#levels.filter(({ size }) => size > 0).reverse();
    const [highest, next] = occupied;
    if (highest === undefined || next === undefined) {
      this.#passed = 0;
      return highest;
    }
    this.#passed += 1;
    if (this.#facts.starvationGrants > 0 && this.#passed >= this.#facts.starvationGrants) {
      this.#passed = 0;
      return occupied.reduce((one, other) => (oldest(other) < oldest(one) ? other : one));
    }
    if (this.#facts.priorityOrder !== "mixed") return highest;
    // Two of the highest to one of the next: RabbitMQ 4.0, https://www.rabbitmq.com/docs/quorum-queues#priorities
    this.#mixed = (this.#mixed + 1) % 3;
    return this.#mixed === 0 ? next : highest;
  }
}

function oldest(level: Heap<WorldFrame>): number {
  return level.first?.sequence ?? Number.POSITIVE_INFINITY;
}

function comesBefore(one: WorldFrame, other: WorldFrame): boolean {
  return one.order < other.order || (one.order === other.order && one.sequence < other.sequence);
}
