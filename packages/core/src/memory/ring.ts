import type { StoredFrame } from "./stored-frame.ts";

/** Rings at most this long are never made smaller. */
const SMALL_SLOTS = 64;
const FIRST_SLOTS = 16;

/** A double-ended queue of frames in a ring buffer, always in the order of their sequence. Its length follows what it holds, both ways. */
export class Ring {
  #slots: (StoredFrame | undefined)[] = [];
  #head = 0;
  size = 0;

  /** The frame at a place counted from the head. The place must be below `size`. */
  at(place: number): StoredFrame {
    return this.#slots[(this.#head + place) & (this.#slots.length - 1)] as StoredFrame;
  }

  /** Adds the newest frame. */
  push(frame: StoredFrame): void {
    if (this.size === this.#slots.length) this.#resize(Math.max(FIRST_SLOTS, this.size * 2));
    this.#slots[(this.#head + this.size) & (this.#slots.length - 1)] = frame;
    this.size += 1;
  }

  /** Puts a frame back near the head, before the first one that came after it. Frames put back newest first cost one step each. */
  restore(frame: StoredFrame): void {
    if (this.size === this.#slots.length) this.#resize(Math.max(FIRST_SLOTS, this.size * 2));
    const last = this.#slots.length - 1;
    this.#head = (this.#head + last) & last;
    let place = 0;
    for (; place < this.size; place += 1) {
      const other = this.#slots[(this.#head + place + 1) & last] as StoredFrame;
      if (other.sequence > frame.sequence) break;
      this.#slots[(this.#head + place) & last] = other;
    }
    this.#slots[(this.#head + place) & last] = frame;
    this.size += 1;
  }

  /** Takes the oldest frame. The ring must not be empty. */
  shift(): StoredFrame {
    const frame = this.#slots[this.#head] as StoredFrame;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.size -= 1;
    if (this.#slots.length > SMALL_SLOTS && this.size * 4 <= this.#slots.length) this.#resize(this.#slots.length / 2);
    return frame;
  }

  /** The first place whose frame came after `sequence`; `size` if there is none. */
  placeAfter(sequence: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #resize(slots: number): void {
    const bigger = new Array<StoredFrame | undefined>(slots).fill(undefined);
    for (let place = 0; place < this.size; place += 1) bigger[place] = this.at(place);
    this.#slots = bigger;
    this.#head = 0;
  }
}
