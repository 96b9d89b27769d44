import { PRIORITY_LEVELS, STARVATION_GRANTS } from "./profile.ts";
import { Ring } from "./ring.ts";
import type { StoredFrame } from "./stored-frame.ts";

/**
 * The frames of a queue that can be handed out: one ring per priority, and a bit per ring that holds something. The highest priority goes first, but
 * every 16th grant made while a lower one waits goes to the frame that has waited longest, so that a flood delays and never starves.
 */
export class Ready {
  readonly levels: readonly Ring[] = Array.from({ length: PRIORITY_LEVELS }, () => new Ring());
  #occupied = 0;
  /** Grants since the frame that had waited longest was served. */
  #passed = 0;
  size = 0;

  /** Adds a frame at the tail of its level; its sequence must be the highest so far. */
  push(frame: StoredFrame): void {
    (this.levels[frame.level] as Ring).push(frame);
    this.#occupied |= 1 << frame.level;
    this.size += 1;
  }

  /** Puts a frame back where it came from; see `Ring.restore`. */
  restore(frame: StoredFrame): void {
    (this.levels[frame.level] as Ring).restore(frame);
    this.#occupied |= 1 << frame.level;
    this.size += 1;
  }

  /** Takes the frame whose turn it is. There must be one. */
  shift(): StoredFrame {
    const level = this.#turn();
    const ring = this.levels[level] as Ring;
    const frame = ring.shift();
    if (ring.size === 0) this.#occupied &= ~(1 << level);
    this.size -= 1;
    return frame;
  }

  #turn(): number {
    const highest = 31 - Math.clz32(this.#occupied);
    if (this.#occupied === 1 << highest) {
      // The only level's head has waited longest, too.
      this.#passed = 0;
      return highest;
    }
    this.#passed += 1;
    if (this.#passed < STARVATION_GRANTS) return highest;
    this.#passed = 0;
    return this.#longestWaiting();
  }

  #longestWaiting(): number {
    let level = 0;
    let sequence = Number.POSITIVE_INFINITY;
    for (let bits = this.#occupied; bits !== 0; bits &= bits - 1) {
      const candidate = 31 - Math.clz32(bits & -bits);
      const head = (this.levels[candidate] as Ring).at(0);
      if (head.sequence < sequence) {
        level = candidate;
        sequence = head.sequence;
      }
    }
    return level;
  }
}
