/**
 * The delivery tags of one channel that are not settled yet, in the order in which they came, which is that of their numbers. One ack can be for all up to
 * a tag; so what is acked together is cut into the run from the lowest on, and single ones.
 */
export class OpenTags {
  readonly #tags = new Set<number>();

  get size(): number {
    return this.#tags.size;
  }

  add(tag: number): void {
    this.#tags.add(tag);
  }

  /** Takes one out; answers whether it was there. */
  take(tag: number): boolean {
    return this.#tags.delete(tag);
  }

  /** Takes these out. `upTo`: all tags up to this one are acked by it; 0: none are. */
  acked(tags: readonly number[]): { readonly upTo: number; readonly single: readonly number[] } {
    const acked = new Set(tags);
    let upTo = 0;
    for (const tag of this.#tags) {
      if (!acked.has(tag)) break;
      upTo = tag;
    }
    const single: number[] = [];
    for (const tag of acked) if (this.#tags.delete(tag) && tag > upTo) single.push(tag);
    return { upTo, single };
  }
}
