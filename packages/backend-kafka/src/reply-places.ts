import { partitionOf } from "./partitioning.ts";
import type { LogLink, Place } from "./port.ts";

/**
 * The partitions in which one coordinator's replies are: the one that its id has among so many, and those that it had before there were more, since what is
 * there is still to be read, and some may send there still. What is committed says which those were, and where each begins.
 */
export class ReplyPlaces {
  readonly topic: string;
  readonly #group: string;
  readonly #id: string;
  readonly #partitions = new Set<number>();
  /** Where each partition ended that was there at the start. */
  readonly #ends = new Map<number, number>();

  constructor(of: { readonly topic: string; readonly group: string; readonly id: string }) {
    this.topic = of.topic;
    this.#group = of.group;
    this.#id = of.id;
  }

  get all(): readonly Place[] {
    return [...this.#partitions].map((partition) => ({ topic: this.topic, partition }));
  }

  /** From now on its replies are kept for it: one that was never here begins at the end. */
  async find(link: LogLink): Promise<void> {
    const { topic } = this;
    const count = await this.#count(link);
    const share = new Map([[topic, Array.from({ length: count }, (_, at) => at)]]);
    const [committed, ends] = await Promise.all([link.committed(this.#group, share), link.ends(share)]);
    for (const { partition, high } of ends) this.#ends.set(partition, high);
    const known = committed.filter(({ offset }) => offset >= 0);
    const own = partitionOf(this.#id, count);
    if (known.length === 0) await this.#beginAt(link, own);
    for (const { partition } of [...known, { partition: own }]) this.#partitions.add(partition);
  }

  /** Where there are more partitions by now, its replies may come in another one: it is read from where it was when this began, or from its start. */
  async grow(link: LogLink): Promise<void> {
    await link.refresh();
    const own = partitionOf(this.#id, await this.#count(link));
    if (this.#partitions.has(own)) return;
    await this.#beginAt(link, own);
    this.#partitions.add(own);
  }

  async #count(link: LogLink): Promise<number> {
    return (await link.partitions([this.topic])).get(this.topic) ?? 1;
  }

  async #beginAt(link: LogLink, partition: number): Promise<void> {
    const offset = this.#ends.get(partition);
    if (offset === undefined) return;
    await link.commit(this.#group, undefined, [{ topic: this.topic, partition, offset, note: "" }]);
  }
}
