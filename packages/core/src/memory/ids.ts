/** The ids of the tasks of one family of queues, each with the number of its frames there. An id is free again when the last of them is gone. */
export class Ids {
  readonly #frames = new Map<string, number>();

  has(id: string): boolean {
    return this.#frames.has(id);
  }

  /** One frame more. */
  take(id: string): void {
    this.#frames.set(id, (this.#frames.get(id) ?? 0) + 1);
  }

  /** One frame less. */
  free(id: string): void {
    const left = (this.#frames.get(id) ?? 0) - 1;
    if (left > 0) this.#frames.set(id, left);
    else this.#frames.delete(id);
  }
}
