import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameOf, probeOf, RUN } from "../testing/frames.ts";
import type { Ending } from "./decision.ts";
import { probeJson, replyJson, resultJson } from "./reply.ts";

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

describe("a reply as text", () => {
  it("holds results and answers to probes under the worker's name", () => {
    const results = [resultJson(frame, 0, ending), resultJson(frame, 1, ending)];
    const body: unknown = JSON.parse(replyJson('w"1', results, [probeJson(probeOf(9))]));
    expect(body).toMatchObject({
      worker: 'w"1',
      results: [{ lost: 0 }, { lost: 1 }],
      probes: [{ run: RUN, sequence: 9 }],
    });
    expect(JSON.parse(replyJson("w", [], []))).toEqual({ worker: "w", results: [], probes: [] });
  });
});
