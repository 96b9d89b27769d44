import { missing } from "./kafka-error.ts";
import { partitionOf } from "./partitioning.ts";
import type { LogLink, Place } from "./port.ts";

/**
 * The partitions in which one coordinator's replies are: the one that its id has among so many, and those that it had before there were more, since what is
 * there is still to be read, and some may send there still. What is committed says which those were, and where each begins: what is new from its start, all else
 * from where it ended when this coordinator was here first.
 */
export class ReplyPlaces {
  readonly #of: { readonly topic: string; readonly group: string; readonly id: string };
  readonly #partitions = new Set<number>();
  readonly #ends = new Map<number, number>();

  constructor(of: { readonly topic: string; readonly group: string; readonly id: string }) {
    this.#of = of;
  }

  get all(): readonly Place[] {
    const { topic } = this.#of;
    return [...this.#partitions].map((partition) => ({ topic, partition }));
  }

  async find(link: LogLink): Promise<void> {
    // From now on its replies are kept for it: one that was never here begins at the end.
    const { topic, group, id } = this.#of;
    const count = await this.#count(link);
    const share = new Map([[topic, Array.from({ length: count }, (_, at) => at)]]);
    const [committed, ends] = await Promise.all([link.committed(group, share), link.ends(share)]);
    for (const { partition, high } of ends) this.#ends.set(partition, high);
    const known = committed.filter(({ offset }) => offset >= 0);
    const own = partitionOf(id, count);
    if (known.length === 0) await this.#beginAt(link, own);
    for (const { partition } of [...known, { partition: own }]) this.#partitions.add(partition);
  }

  async grow(link: LogLink): Promise<void> {
    // Where there are more partitions by now its replies may come in another one.
    await link.refresh();
    const own = partitionOf(this.#of.id, await this.#count(link));
    if (this.#partitions.has(own)) return;
    await this.#beginAt(link, own);
    this.#partitions.add(own);
  }

  async #count(link: LogLink): Promise<number> {
    const { topic } = this.#of;
    const count = (await link.partitions([topic])).get(topic);
    if (count === undefined) throw missing(topic);
    return count;
  }

  async #beginAt(link: LogLink, partition: number): Promise<void> {
    const { topic, group } = this.#of;
    const offset = this.#ends.get(partition);
    if (offset !== undefined) await link.commit(group, undefined, [{ topic, partition, offset, note: "" }]);
  }
}
