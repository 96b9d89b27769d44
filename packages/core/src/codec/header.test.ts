import { describe, expect, it } from "vitest";
import { at, frameTypes, HEADER_BYTES, most, packCodecs, unpackCodecs } from "./header.ts";

describe("the header", () => {
  it("has its fields one after the other, without a gap", () => {
    const bytes = {
      magic: 1,
      kind: 1,
      codecs: 2,
      priority: 1,
      round: 1,
      attempt: 2,
      copy: 2,
      lost: 1,
      run: 8,
      first: 4,
      count: 2,
      extension: 3,
    };
    let offset = 0;
    for (const [field, size] of Object.entries(bytes)) {
      expect([field, at[field as keyof typeof at]]).toEqual([field, offset]);
      offset += size;
    }
    expect(offset).toBe(HEADER_BYTES);
    expect(Object.keys(at)).toEqual(Object.keys(bytes));
  });

  it("keeps the numbers of the types: this list is only ever appended to", () => {
    expect(frameTypes).toEqual(["task", "result", "beat", "control"]);
  });

  it("says what fits into each counter", () => {
    expect(most).toEqual({
      round: 255,
      attempt: 65535,
      copy: 65535,
      lost: 255,
      first: 2 ** 32 - 1,
      extension: 2 ** 24 - 1,
    });
  });
});

describe("codecs", () => {
  it.each([
    [[], 0x0000],
    [[1], 0x1000],
    [[1, 2], 0x1200],
    [[1, 15, 3, 4], 0x1f34],
    [[15, 15, 15, 15], 0xffff],
  ])("%j is %d on the wire, and back", (codecs, packed) => {
    expect(packCodecs(codecs)).toBe(packed);
    expect(unpackCodecs(packed)).toEqual(codecs);
  });
});
