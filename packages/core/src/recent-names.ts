/** An ack that was lost shows within a lease; so many names are plenty. */
const REMEMBERED = 10_000;

/** The whole names of frames that this process has sent on, but perhaps not acked: what comes again under such a name is only acked. */
export class RecentNames {
  readonly #names = new Set<string>();
  /** The same in the order in which they came: the first entry of a set from which many were taken is dear to find. */
  readonly #order: string[] = [];
  #oldest = 0;

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Is it one of these by its name? That is made only where there are any. */
  knows(named: { readonly name: string }): boolean {
    return this.#names.size > 0 && this.has(named.name);
  }

  add(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    if (this.#order.length < REMEMBERED) {
      this.#order.push(name);
      return;
    }
    this.#names.delete(this.#order[this.#oldest] as string);
    this.#order[this.#oldest] = name;
    this.#oldest = (this.#oldest + 1) % REMEMBERED;
  }
}
