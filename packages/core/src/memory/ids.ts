/** The ids of the tasks of one family of queues, as long as a frame of each is there. */
export class Ids {
  readonly #ids = new Set<string>();
  /** Those that several frames have, with their number; hardly any. */
  readonly #shared = new Map<string, number>();

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** One frame more, if no other has the id. */
  claim(id: string): boolean {
    const before = this.#ids.size;
    this.#ids.add(id);
    return this.#ids.size > before;
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
    else this.#ids.delete(id);
  }
}
