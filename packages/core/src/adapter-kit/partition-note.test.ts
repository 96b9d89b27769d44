import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WINDOW_OFFSETS } from "./ledger.ts";
import { decodeNote, encodeNote, lostAtTakeOver, NOTE_CHARACTERS, type PartitionNote } from "./partition-note.ts";

const note = (more: Partial<PartitionNote> = {}): PartitionNote => ({ done: [], by: "me", lostBelow: 0, ...more });

/** Offsets within the window above a base, as they come in life: long runs, alternating ones, and noise. */
const doneSets = fc.oneof(
  fc.uniqueArray(fc.nat(WINDOW_OFFSETS - 1), { maxLength: 400 }),
  fc
    .record({ every: fc.integer({ min: 1, max: 7 }), count: fc.nat(2_000) })
    .map(({ every, count }) => Array.from({ length: count }, (_, at) => (at * every) % WINDOW_OFFSETS)),
  fc
    .array(fc.integer({ min: 0, max: 99 }), { minLength: WINDOW_OFFSETS, maxLength: WINDOW_OFFSETS })
    .map((dice) => dice.flatMap((die, at) => (die < 50 ? [at] : []))),
);

describe("a note", () => {
  it.each([
    ["nothing", note()],
    ["a run", note({ done: [101, 102, 103, 500] })],
    ["a mark", note({ grantedBelow: 140, by: "client-5f3b2c1a-0000" })],
    ["an inherited loss", note({ grantedBelow: 120, lostBelow: 180 })],
    ["a strange id", note({ grantedBelow: 1, by: "a;b%c ü" })],
  ])("comes back as it was: %s", (_, one) => {
    expect(decodeNote(100, encodeNote(100, one))).toEqual({ grantedBelow: undefined, ...one });
  });

  it("holds any done set of a whole window in a commit's metadata, in ASCII", () => {
    fc.assert(
      fc.property(doneSets, fc.nat(2 ** 40), (places, base) => {
        const done = [...new Set(places)].sort((one, other) => one - other).map((place) => base + 1 + place);
        const one = note({ done, grantedBelow: base + WINDOW_OFFSETS, lostBelow: base + 5, by: `${"m".repeat(200)}` });
        const text = encodeNote(base, one);
        expect(text.length).toBeLessThanOrEqual(NOTE_CHARACTERS);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeNote(base, text)).toEqual(one);
      }),
      { numRuns: 60 },
    );
  });

  it("leaves the top out where even that is too long: a prefix comes back", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(20_000), { maxLength: 500 }),
        fc.integer({ min: 20, max: 300 }),
        (places, most) => {
          const done = [...places].sort((one, other) => one - other);
          const text = encodeNote(0, note({ done }), most);
          expect(text.length).toBeLessThanOrEqual(most);
          const read = decodeNote(0, text)?.done ?? [];
          expect(read).toEqual(done.slice(0, read.length));
        },
      ),
    );
  });

  it.each([
    "",
    "2;1;2;me;",
    "1;x;2;me;",
    "1;1;2;me;X12",
    "1;1;2;me;R1",
    "1;1;2;me;R1.zzzzzzzzzz",
    "1;1;2;%;",
    "1;1;2;me;B*",
  ])("is not read from %j", (text) => expect(decodeNote(0, text)).toBeUndefined());

  it("never throws, whatever it is read from", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (one, other) => void decodeNote(7, `1;${one};0;${other};`)));
  });
});

describe("who takes a partition over", () => {
  const mark = note({ grantedBelow: 50, by: "one", lostBelow: 20 });
  it.each([
    ["counts what a member that is gone had in hand", mark, ["two"], ["two"], 50],
    ["counts nothing new while that member is in the group: a rebalance", mark, ["one", "two"], ["two"], 20],
    ["counts nothing new where it was that member itself, under an earlier id", mark, ["two"], ["one", "two"], 20],
    ["counts nothing new after an orderly close", note({ by: "one", lostBelow: 20 }), ["two"], ["two"], 20],
    ["keeps the loss of a holder before the last", { ...mark, grantedBelow: 10 }, ["two"], ["two"], 20],
    ["counts nothing without a note", undefined, ["two"], ["two"], 0],
  ] as const)("%s", (_, found, members, own, lostBelow) => {
    expect(lostAtTakeOver(found, { members: new Set(members), own: new Set(own) })).toBe(lostBelow);
  });
});
