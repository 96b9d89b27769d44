/** The states that a walk has seen, in the order in which it saw them: four whole numbers each, in flat memory, found again by their values. */
const WIDTH = 4;

export class StateSet {
  size = 0;
  #cells = new Int32Array(WIDTH << 16);
  #slots = new Int32Array(1 << 18).fill(-1);

  at(index: number, place: number): number {
    return this.#cells[index * WIDTH + place] as number;
  }

  /** The index of a state, which is `size - 1` where it is new. */
  add(one: number, two: number, three: number, used: number): number {
    const mask = this.#slots.length - 1;
    let slot = mix(one, two, three, used) & mask;
    for (;;) {
      const index = this.#slots[slot] as number;
      if (index < 0) break;
      if (this.#is(index * WIDTH, one, two, three, used)) return index;
      slot = (slot + 1) & mask;
    }
    const index = this.size;
    this.#slots[slot] = index;
    if ((index + 1) * WIDTH > this.#cells.length) this.#cells = grown(this.#cells);
    const cell = index * WIDTH;
    this.#cells[cell] = one;
    this.#cells[cell + 1] = two;
    this.#cells[cell + 2] = three;
    this.#cells[cell + 3] = used;
    this.size += 1;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return index;
  }

  #is(cell: number, one: number, two: number, three: number, used: number): boolean {
    const cells = this.#cells;
    if (cells[cell] !== one || cells[cell + 1] !== two) return false;
    return cells[cell + 2] === three && cells[cell + 3] === used;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let index = 0; index < this.size; index += 1) {
      let slot = mix(this.at(index, 0), this.at(index, 1), this.at(index, 2), this.at(index, 3)) & mask;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
    this.#slots = slots;
  }
}

/** A whole number for each state. */
export class Column {
  #cells = new Int32Array(1 << 16).fill(-1);

  /** -1 where nothing was set. */
  get(index: number): number {
    return this.#cells[index] ?? -1;
  }

  set(index: number, value: number): void {
    while (index >= this.#cells.length) this.#cells = grown(this.#cells);
    this.#cells[index] = value;
  }
}

function grown(cells: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(cells.length * 2).fill(-1);
  larger.set(cells);
  return larger;
}

function mix(one: number, two: number, three: number, used: number): number {
  let hash =
    Math.imul(one, 0x9e3779b1) ^ Math.imul(two + 0x7f4a7c15, 0x85ebca6b) ^ Math.imul(three + 0x165667b1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15) ^ used, 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}
