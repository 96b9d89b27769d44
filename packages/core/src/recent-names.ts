/** An ack that was lost shows within a lease; so many names are plenty. */
const REMEMBERED = 10_000;

/** The whole names of frames that this process has sent on, but perhaps not acked: what comes again under such a name is only acked. */
export class RecentNames {
  readonly #names = new Set<string>();

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  add(name: string): void {
    this.#names.add(name);
    if (this.#names.size <= REMEMBERED) return;
    for (const oldest of this.#names) {
      this.#names.delete(oldest);
      return;
    }
  }
}
