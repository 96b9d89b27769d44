import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConsumerGroup, type Member } from "./consumer-group.ts";

/** A member that remembers what it was told. */
class Told implements Member {
  generation = 0;
  partitions: readonly number[] = [];
  readonly revoked: number[] = [];
  silent = false;

  isSilent(): boolean {
    return this.silent;
  }

  revoking(): void {
    this.revoked.push(this.generation);
  }
  assigned(generation: number, partitions: readonly number[]): void {
    this.generation = generation;
    this.partitions = partitions;
  }
}

function join(group: ConsumerGroup): readonly [string, Told] {
  const member = new Told();
  const id = group.join(member);
  group.rebalance();
  return [id, member];
}

describe("a consumer group", () => {
  it("hands its partitions out evenly, and moves no more than it must", () => {
    const group = new ConsumerGroup(7, () => {});
    const [, one] = join(group);
    expect(one.partitions).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const [twoId, two] = join(group);
    expect([one.partitions.length, two.partitions.length].sort()).toEqual([3, 4]);
    const kept = one.partitions;
    const [, three] = join(group);
    expect([one, two, three].map(({ partitions }) => partitions.length).sort()).toEqual([2, 2, 3]);
    expect(one.partitions.every((partition) => kept.includes(partition))).toBe(true);
    const before = one.partitions;
    group.leave(twoId);
    expect(before.every((partition) => one.partitions.includes(partition))).toBe(true);
    expect([...one.partitions, ...three.partitions].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("gives each partition to one member, whoever comes and goes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(fc.option(fc.nat()), { maxLength: 30 }), (count, moves) => {
        const group = new ConsumerGroup(count, () => {});
        const members = [join(group)];
        for (const move of moves) {
          if (move === null) members.push(join(group));
          else if (members.length > 1) group.leave((members.splice(move % members.length, 1)[0] as [string, Told])[0]);
          const sizes = members.map(([, { partitions }]) => partitions.length);
          expect(members.flatMap(([, { partitions }]) => partitions).sort((a, b) => a - b)).toEqual([
            ...Array(count).keys(),
          ]);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("takes a commit of a member under its generation only, of any partition", () => {
    const group = new ConsumerGroup(2, () => {});
    const [oneId, one] = join(group);
    const old = one.generation;
    expect(group.commit(oneId, old, 1, 5, "")).toBe(true);
    const [twoId, two] = join(group);
    expect(one.revoked).toContain(old);
    expect(group.commit(oneId, old, 1, 6, "")).toBe(false);
    expect(group.commit(twoId, two.generation, one.partitions[0] as number, 7, "")).toBe(true);
    group.leave(twoId);
    expect(group.commit(twoId, one.generation, 0, 9, "")).toBe(false);
    expect(group.committed(1).offset).toBeGreaterThanOrEqual(5);
  });

  it("takes nothing from a member that is silent, until it is thrown out or answers again", () => {
    const group = new ConsumerGroup(4, () => {});
    const [first, second] = [new Told(), new Told()];
    const id = group.join(first);
    group.rebalance();
    first.silent = true;
    const other = group.join(second);
    group.rebalance();
    expect(second.partitions).toEqual([]);
    first.silent = false;
    group.rebalance();
    expect([first.partitions.length, second.partitions.length]).toEqual([2, 2]);
    first.silent = true;
    group.leave(id);
    expect(second.partitions).toEqual([0, 1, 2, 3]);
    group.leave(other);
  });
});
