import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../contract/index.ts";
import { frameOf, probeOf, RUN } from "../testing/frames.ts";
import type { Ending } from "./decision.ts";
import { isPlain, probeJson, replyJson, resultJson } from "./reply.ts";

const ending: Ending = { outcome: "completed", json: undefined, error: undefined, attempts: 2, durationMs: 1.23456 };
const frame = frameOf({ index: 7, round: 1, attempt: 1, copy: 2 });
const common = { run: RUN, index: 7, round: 1, attempts: 2, copy: 2, lost: 3, durationMs: 1.235 };

describe("a result as text", () => {
  it("has the value as it is, or none", () => {
    expect(JSON.parse(resultJson(frame, 3, ending))).toEqual({ ...common, outcome: "completed" });
    fc.assert(
      fc.property(fc.json(), (json) => {
        const parsed: unknown = JSON.parse(resultJson(frame, 3, { ...ending, json }));
        expect(parsed).toEqual({ ...common, outcome: "completed", value: JSON.parse(json) });
      }),
    );
  });

  it("has the error, whatever stands in it", () => {
    const error = { name: 'a "name"', message: "line\nline \u2028 \ud800", code: "REJECTED" } as const;
    const text = resultJson(frame, 3, { ...ending, outcome: "dead", error });
    expect(JSON.parse(text)).toEqual({ ...common, outcome: "dead", error });
  });
});

const first = { round: 0, attempt: 0, copy: 0, lost: 0 };

describe("a reply as text", () => {
  it("holds results and answers to probes under the worker's name", () => {
    const results = [resultJson(frame, 0, ending), resultJson(frame, 1, ending)];
    const body: unknown = JSON.parse(replyJson('w"1', results, [probeJson(probeOf(9))]));
    expect(body).toMatchObject({
      worker: 'w"1',
      results: [{ lost: 0 }, { lost: 1 }],
      probes: [{ run: RUN, sequence: 9 }],
    });
    expect(JSON.parse(replyJson("w", [], []))).toEqual({ worker: "w", results: [], plain: {}, probes: [] });
  });

  it("holds results that have nothing to say but their value as triples, by run", () => {
    const plain = new Map([
      [RUN, [7, 1_235, '"x"', 8, 1_235, "[1]"]],
      ["other", [9, 1_235, "null"]],
    ]);
    const { plain: read } = JSON.parse(replyJson("w", [], [], plain)) as { readonly plain: unknown };
    expect(read).toEqual({ [RUN]: [7, 1_235, "x", 8, 1_235, [1]], other: [9, 1_235, null] });
  });

  it.each<[string, Frame, number, Partial<Ending>, boolean]>([
    ["completed at once", frameOf(first), 0, {}, true],
    ["no value: JSON has none for it", frameOf(first), 0, { json: undefined }, false],
    ["dead", frameOf(first), 0, { outcome: "dead", json: undefined }, false],
    ["a loss", frameOf(first), 1, {}, false],
    ["an attempt", frameOf(first), 0, { attempts: 2 }, false],
    ["a copy", frameOf({ ...first, copy: 1 }), 0, {}, false],
    ["a later round", frameOf({ ...first, round: 1 }), 0, {}, false],
  ])("a result is plain or not: %s", (_, own, lost, more, expected) => {
    expect(isPlain(own, lost, { ...ending, json: "1", attempts: 1, ...more })).toBe(expected);
  });
});
