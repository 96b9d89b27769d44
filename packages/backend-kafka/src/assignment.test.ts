import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignPartitions } from "./assignment.ts";
import type { Joined } from "./port.ts";

type Members = Joined["members"];

const member = (
  id: string,
  topics: readonly string[],
  owned: Record<string, number[]> = {},
  generation = 1,
): Members[number] => ({
  id,
  claim: { topics, owned: new Map(Object.entries(owned)), generation },
});

const plain = (members: Members, counts: Record<string, number>) =>
  Object.fromEntries(
    [...assignPartitions(members, new Map(Object.entries(counts)))].map(([id, share]) => [
      id,
      Object.fromEntries(share),
    ]),
  );

/** As members of the next generation, with what they were given. */
const next = (members: Members, counts: ReadonlyMap<string, number>, generation: number): Members => {
  const given = assignPartitions(members, counts);
  return members.map(({ id, claim }) => ({ id, claim: { ...claim, owned: given.get(id) ?? new Map(), generation } }));
};

describe("the assignment of partitions", () => {
  it("deals evenly, over all topics too", () => {
    expect(plain([member("a", ["x", "y"]), member("b", ["x", "y"])], { x: 3, y: 3 })).toEqual({
      a: { x: [0, 2], y: [1] },
      b: { x: [1], y: [0, 2] },
    });
  });

  it("gives a topic to those only who want it", () => {
    expect(plain([member("a", ["x"]), member("b", ["y"])], { x: 2, y: 1 })).toEqual({
      a: { x: [0, 1] },
      b: { y: [0] },
    });
  });

  it("leaves to each what it had, as far as the others leave it that", () => {
    expect(plain([member("a", ["x"], { x: [0, 1, 2, 3] }), member("b", ["x"])], { x: 4 })).toEqual({
      a: { x: [0, 1] },
      b: { x: [2, 3] },
    });
  });

  it("believes the later of two that claim the same", () => {
    const zombie = member("a", ["x"], { x: [0, 1] }, 3);
    expect(plain([zombie, member("b", ["x"], { x: [1] }, 4)], { x: 2 })).toEqual({ a: { x: [0] }, b: { x: [1] } });
  });

  it("knows nothing of a topic that is not there", () => {
    expect(plain([member("a", ["x"])], {})).toEqual({ a: {} });
  });

  it("gives each partition to one, evenly, and moves as few as it must", () => {
    const ids = ["a", "b", "c", "d", "e"];
    const topics = ["x", "y", "z"];
    const crew = fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1 });
    fc.assert(
      fc.property(
        fc.array(crew, { minLength: 2, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 3, maxLength: 3 }),
        (crews, sizes) => {
          const counts = new Map(topics.map((topic, at) => [topic, sizes[at] as number]));
          let before: Members = [];
          crews.forEach((present, generation) => {
            const members = present.map(
              (id) => before.find((one) => one.id === id) ?? member(id, topics, {}, generation),
            );
            const given = assignPartitions(members, counts);
            for (const [topic, count] of counts) {
              const all = [...given.values()].map((share) => share.get(topic) ?? []);
              expect(all.flat().sort((one, other) => one - other)).toEqual(
                Array.from({ length: count }, (_, at) => at),
              );
              const lengths = all.map((share) => share.length);
              expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
              const most = Math.ceil(count / members.length);
              for (const { id, claim } of members) {
                const had = claim.owned.get(topic) ?? [];
                const kept = had.filter((partition) => given.get(id)?.get(topic)?.includes(partition));
                // Who had no more than a fair share keeps nearly all of it: one may be asked for, to make others even.
                expect(kept.length).toBeGreaterThanOrEqual(Math.min(had.length, most) - 1);
              }
            }
            expect(next([...members].reverse(), counts, generation + 1).length).toBe(members.length);
            expect(assignPartitions([...members].reverse(), counts)).toEqual(given);
            before = next(members, counts, generation + 1);
          });
        },
      ),
    );
  });
});
