/** A generation has so many ids, which its set just holds, or half as many as all others have: then the next one begins. */
const GENERATION_IDS = 4_096;

/** With more, those that are nearly empty become one. */
const MOST_GENERATIONS = 8;

/**
 * The ids of the tasks of one family of queues, as long as a frame of each is there. They stand in generations: a set is filled once, and dropped when all of its
 * ids are free. One set for all would be made anew whenever as many ids had gone through it as it has room for, and what it was before would keep the
 * one that it became, and so on, until the old part of the heap is collected: with the ids in them some 60 bytes for each task that ever was.
 */
export class Ids {
  /** Oldest first; the last one is being filled. There is always one. */
  #generations: Set<string>[] = [new Set()];
  /** Of all but the last one. */
  #older = 0;
  /** How many ids the last one has been given. */
  #given = 0;
  /** Those that several frames have, with their number; hardly any. */
  readonly #shared = new Map<string, number>();

  has(id: string): boolean {
    return this.#generationOf(id) !== undefined;
  }

  /** One frame more, if no other has the id. */
  claim(id: string): boolean {
    if (this.#older > 0 && this.#isOlder(id)) return false;
    const last = this.#generations[this.#generations.length - 1] as Set<string>;
    const before = last.size;
    last.add(id);
    if (last.size === before) return false;
    this.#given += 1;
    if (this.#given >= GENERATION_IDS && this.#given * 2 >= this.#older) this.#begin();
    return true;
  }

  /** One frame more. */
  take(id: string): void {
    if (!this.claim(id)) this.#shared.set(id, (this.#shared.get(id) ?? 1) + 1);
  }

  /** One frame less: the id is free again when it was the last. */
  free(id: string): void {
    const frames = this.#shared.size === 0 ? 1 : (this.#shared.get(id) ?? 1);
    if (frames > 2) this.#shared.set(id, frames - 1);
    else if (frames === 2) this.#shared.delete(id);
    else this.#delete(id);
  }

  #generationOf(id: string): Set<string> | undefined {
    for (let place = 0; place < this.#generations.length; place += 1) {
      const generation = this.#generations[place] as Set<string>;
      if (generation.has(id)) return generation;
    }
    return undefined;
  }

  #isOlder(id: string): boolean {
    for (let place = this.#generations.length - 2; place >= 0; place -= 1)
      if ((this.#generations[place] as Set<string>).has(id)) return true;
    return false;
  }

  /** Mostly of the oldest: what came first goes first. */
  #delete(id: string): void {
    for (let place = 0; place < this.#generations.length; place += 1) {
      const generation = this.#generations[place] as Set<string>;
      if (!generation.delete(id)) continue;
      if (place === this.#generations.length - 1) return;
      this.#older -= 1;
      if (generation.size === 0) this.#generations.splice(place, 1);
      return;
    }
  }

  #begin(): void {
    const last = this.#generations[this.#generations.length - 1] as Set<string>;
    this.#older += last.size;
    this.#given = 0;
    if (last.size === 0) this.#generations.pop();
    if (this.#generations.length >= MOST_GENERATIONS) this.#merge();
    this.#generations.push(new Set());
  }

  /** The smaller half becomes one: what is left of them has stayed longer than its neighbours. */
  #merge(): void {
    const bySize = [...this.#generations].sort((one, other) => one.size - other.size);
    const merged = new Set<string>();
    for (const generation of bySize.slice(0, MOST_GENERATIONS / 2)) for (const id of generation) merged.add(id);
    this.#generations = [merged, ...bySize.slice(MOST_GENERATIONS / 2)];
  }
}
