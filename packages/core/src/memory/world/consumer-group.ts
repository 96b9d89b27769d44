import { decodeNote, type PartitionNote } from "../../adapter-kit/index.ts";

export interface Committed {
  readonly offset: number;
  readonly note: PartitionNote | undefined;
}

/** A member as its group sees it. Both are called at once, and must not join or leave. */
export interface Member {
  /** Does it answer? One that does not is still a member, until it is thrown out. */
  isSilent(): boolean;
  /** A rebalance begins: what is to be committed under the old generation is committed now. */
  revoking(): void;
  /** The partitions that it has from now on, under a new generation. */
  assigned(generation: number, partitions: readonly number[]): void;
}

/**
 * The members of one queue's group and their partitions. As Kafka's coordinator does, it checks the member and the generation of a commit and not
 * whether the partition is the member's: that is the client's to respect.
 */
export class ConsumerGroup {
  readonly #partitions: number;
  readonly #committedBelow: (partition: number, offset: number) => void;
  readonly #members = new Map<string, Member>();
  readonly #committed = new Map<number, { offset: number; text: string }>();
  #owners: (string | undefined)[];
  #generation = 0;
  #ids = 0;

  constructor(partitions: number, committedBelow: (partition: number, offset: number) => void) {
    this.#partitions = partitions;
    this.#committedBelow = committedBelow;
    this.#owners = new Array(partitions).fill(undefined);
  }

  /** The ids of those that are members now. */
  get members(): ReadonlySet<string> {
    return new Set(this.#members.keys());
  }

  /** Answers the new member's id, before it is assigned anything; `rebalance` does that. */
  join(member: Member): string {
    this.#ids += 1;
    const id = `member-${this.#ids}`;
    this.#members.set(id, member);
    return id;
  }

  /** It leaves, or is thrown out. */
  leave(id: string): void {
    if (this.#members.delete(id)) this.rebalance();
  }

  /**
   * Every member's share differs by one partition at most, and each keeps what it can. A silent member keeps all that it has: nobody takes a partition
   * from a holder that has neither given it up nor been thrown out.
   */
  rebalance(): void {
    for (const member of this.#members.values()) member.revoking();
    this.#generation += 1;
    const silent = new Set([...this.#members].filter(([, member]) => member.isSilent()).map(([id]) => id));
    const ids = [...this.#members.keys()].filter((id) => !silent.has(id));
    const kept = this.#owners.filter((owner) => owner !== undefined && silent.has(owner)).length;
    const most = Math.ceil((this.#partitions - kept) / Math.max(1, ids.length));
    const counts = new Map(ids.map((id) => [id, 0]));
    const owners = this.#owners.map((owner) => {
      if (owner !== undefined && silent.has(owner)) return owner;
      const count = owner === undefined ? undefined : counts.get(owner);
      if (owner === undefined || count === undefined || count >= most) return undefined;
      counts.set(owner, count + 1);
      return owner;
    });
    this.#owners = owners.map((owner) => owner ?? this.#poorest(counts));
    this.#even(counts);
    for (const [id, member] of this.#members) {
      const mine = this.#owners.flatMap((owner, partition) => (owner === id ? [partition] : []));
      member.assigned(this.#generation, mine);
    }
  }

  committed(partition: number): Committed {
    const { offset, text } = this.#committed.get(partition) ?? { offset: 0, text: "" };
    return { offset, note: decodeNote(offset, text) };
  }

  /** Answers `false` where the member, or its generation, is not the group's any more. */
  commit(id: string, generation: number, partition: number, offset: number, text: string): boolean {
    if (!this.#members.has(id) || generation !== this.#generation) return false;
    this.#committed.set(partition, { offset, text });
    this.#committedBelow(partition, offset);
    return true;
  }

  #poorest(counts: Map<string, number>): string | undefined {
    let poorest: string | undefined;
    for (const [id, count] of counts)
      if (poorest === undefined || count < (counts.get(poorest) as number)) poorest = id;
    if (poorest !== undefined) counts.set(poorest, (counts.get(poorest) as number) + 1);
    return poorest;
  }

  /** Takes one partition at a time from who has the most, for who has two less. */
  #even(counts: Map<string, number>): void {
    for (;;) {
      const sorted = [...counts].sort((one, other) => one[1] - other[1]);
      const least = sorted[0];
      const most = sorted.at(-1);
      if (least === undefined || most === undefined || most[1] - least[1] < 2) return;
      this.#owners[this.#owners.lastIndexOf(most[0])] = least[0];
      counts.set(most[0], most[1] - 1);
      counts.set(least[0], least[1] + 1);
    }
  }
}
