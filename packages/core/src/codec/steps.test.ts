import { describe, expect, it } from "vitest";
import { CLAIM_CODEC } from "./claim.ts";
import { compressions } from "./compression.ts";
import { JSON_CODEC } from "./json.ts";
import { stepsOf } from "./steps.ts";

it("the numbers stand in frames for ever", () => {
  const { gzip, zstd, brotli } = compressions;
  expect([JSON_CODEC, gzip.codec, zstd.codec, brotli.codec, CLAIM_CODEC]).toEqual([1, 2, 3, 4, 5]);
});

describe("codecs in their order", () => {
  it.each<[number[], string | undefined, boolean]>([
    [[], undefined, false],
    [[1], undefined, false],
    [[1, 2], "gzip", false],
    [[1, 3], "zstd", false],
    [[1, 4], "brotli", false],
    [[1, 5], undefined, true],
    [[1, 2, 5], "gzip", true],
    [[1, 3, 5], "zstd", true],
    [[1, 4, 5], "brotli", true],
  ])("%j", (codecs, name, claimed) => {
    const steps = stepsOf(codecs);
    expect("bad" in steps ? steps : [steps.compression?.name, steps.claimed]).toEqual([name, claimed]);
  });

  it.each([[[6]], [[1, 6]], [[1, 15, 2]], [[2, 5, 6]], [[1, 2, 5, 6]], [[15, 15, 15, 15]]])(
    "%j has one from a newer process",
    (codecs) => {
      expect(stepsOf(codecs)).toMatchObject({ bad: "CODEC_UNKNOWN" });
    },
  );

  it.each([[[1, 2, 2]], [[1, 2, 3]], [[1, 5, 2]], [[1, 5, 5]], [[2, 1]], [[5, 1]], [[1, 2, 1]], [[1, 2, 3, 4]]])(
    "%j nobody writes",
    (codecs) => {
      expect(stepsOf(codecs)).toEqual({ bad: "FRAME_INVALID", detail: `codecs in the order ${codecs.join(", ")}` });
    },
  );

  it("all 65,536 are one of the three", () => {
    const seen = new Set<string>();
    for (let packed = 0; packed < 65_536; packed += 1) {
      const steps = stepsOf([packed >>> 12, (packed >>> 8) & 15, (packed >>> 4) & 15, packed & 15].filter(Boolean));
      seen.add("bad" in steps ? steps.bad : "known");
    }
    expect([...seen].sort()).toEqual(["CODEC_UNKNOWN", "FRAME_INVALID", "known"]);
  });
});
