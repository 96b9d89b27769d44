import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RUN } from "../testing/frames.ts";
import { readBeat, readReply } from "./reply-body.ts";

const entry = {
  run: RUN,
  index: 3,
  outcome: "completed",
  value: [1],
  round: 0,
  attempts: 1,
  copy: 0,
  lost: 0,
  durationMs: 1.5,
};
const error = { name: "Error", message: "boom", code: "REJECTED" };
const reply = { worker: "w1", results: [entry], probes: [{ run: RUN, sequence: 4 }] };
const beat = {
  worker: "w1",
  slots: 4,
  busy: 2,
  held: [[RUN, 1]],
  retries: [[RUN, 2, 50]],
  progress: [[RUN, 3, { at: 1 }]],
};

const wrong = [undefined, null, "1", -1, 1.5, Number.NaN, 2 ** 53, {}, []];

describe("readReply", () => {
  it("reads what a worker writes", () => {
    expect(readReply(reply)).toEqual({ ...reply, plain: [] });
    const dead = { ...entry, outcome: "dead", value: undefined, error };
    expect(readReply({ ...reply, results: [dead] })?.results[0]).toEqual({
      ...entry,
      outcome: "dead",
      value: undefined,
      error,
    });
    expect(readReply({ worker: "", results: [], probes: [] })).toEqual({
      worker: "",
      results: [],
      plain: [],
      probes: [],
    });
  });

  it.each(["index", "round", "attempts", "copy", "lost"])(
    "refuses a body with a result whose %s is no count",
    (key) => {
      for (const value of wrong)
        expect(readReply({ ...reply, results: [entry, { ...entry, [key]: value }] })).toBeUndefined();
    },
  );

  it.each<[string, unknown]>([
    ["no object", 5],
    ["null", null],
    ["a list", [reply]],
    ["no worker", { ...reply, worker: undefined }],
    ["plain results that are no object", { ...reply, plain: [] }],
    ["plain results of a run that are no list", { ...reply, plain: { [RUN]: {} } }],
    ["plain results that are not threes", { ...reply, plain: { [RUN]: [1, 2] } }],
    ["a plain result of no task", { ...reply, plain: { [RUN]: ["1", 2, 3] } }],
    ["a plain result that took no time at all", { ...reply, plain: { [RUN]: [1, -2, 3] } }],
    ["a worker that is no text", { ...reply, worker: 7 }],
    ["no results", { ...reply, results: {} }],
    ["no probes", { ...reply, probes: undefined }],
    ["a result that is no object", { ...reply, results: ["x"] }],
    ["an outcome that there is not", { ...reply, results: [{ ...entry, outcome: "won" }] }],
    ["an outcome from the prototype", { ...reply, results: [{ ...entry, outcome: "toString" }] }],
    ["a run that is no text", { ...reply, results: [{ ...entry, run: 5 }] }],
    ["a duration that is no number", { ...reply, results: [{ ...entry, durationMs: "1" }] }],
  ])("refuses %s", (_, value) => {
    expect(readReply(value)).toBeUndefined();
  });

  it("leaves out what it does not know, and what does not belong", () => {
    const extra = { ...entry, outcome: "dead", value: 1, error: { ...error, more: 1, stack: 5, cause: "E" }, more: 1 };
    const read = readReply({
      ...reply,
      results: [extra, { ...entry, error }],
      probes: [{ run: RUN, sequence: 1, more: 1 }, 5],
      more: 1,
    });
    expect(read?.results).toEqual([
      { ...entry, outcome: "dead", value: undefined, error: { ...error, cause: "E" } },
      entry,
    ]);
    expect(read?.probes).toHaveLength(1);
    expect(Object.keys(read ?? {})).toEqual(["worker", "results", "plain", "probes"]);
  });

  it("gives an error to what did not complete, whatever was sent", () => {
    for (const forged of [undefined, null, 5, [], { message: 7 }]) {
      const read = readReply({ ...reply, results: [{ ...entry, outcome: "dead", error: forged }] });
      expect(read?.results[0]?.error).toEqual({ name: "Error", message: "", code: "REJECTED" });
    }
  });

  it("harms nobody with __proto__", () => {
    const text = `{"worker":"w","probes":[],"results":[{"run":"r","index":0,"outcome":"completed","round":0,"attempts":1,"copy":0,"lost":0,"durationMs":1,"value":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}],"__proto__":{"polluted":1}}`;
    const read = readReply(JSON.parse(text));
    expect(read?.results).toHaveLength(1);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((read as unknown as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("never throws, and answers only what it promises", () => {
    const counts = fc.oneof(fc.nat(), fc.anything());
    const forged = fc.record(
      {
        worker: fc.oneof(fc.string(), fc.anything()),
        results: fc.oneof(
          fc.array(
            fc.record(
              {
                run: fc.oneof(fc.string(), fc.anything()),
                index: counts,
                outcome: fc.oneof(fc.constantFrom("completed", "dead", "expired", "cancelled"), fc.anything()),
                round: counts,
                attempts: counts,
                copy: counts,
                lost: counts,
                durationMs: fc.oneof(fc.double(), fc.anything()),
                error: fc.anything(),
                value: fc.anything(),
              },
              { requiredKeys: [] },
            ),
          ),
          fc.anything(),
        ),
        probes: fc.oneof(
          fc.array(fc.oneof(fc.record({ run: fc.string(), sequence: fc.nat() }), fc.anything())),
          fc.anything(),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          forged,
          fc.anything(),
          fc.json().map((text) => JSON.parse(text) as unknown),
        ),
        (value) => {
          const read = readReply(value);
          if (read === undefined) return;
          expect(typeof read.worker).toBe("string");
          for (const one of read.results) {
            expect(["completed", "dead", "expired", "cancelled"]).toContain(one.outcome);
            for (const count of [one.index, one.round, one.attempts, one.copy, one.lost])
              expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
            if (one.outcome !== "completed") expect(typeof one.error?.message).toBe("string");
          }
          for (const { run, sequence } of read.probes)
            expect([typeof run, typeof sequence]).toEqual(["string", "number"]);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("readBeat", () => {
  it("reads what a worker writes", () => {
    expect(readBeat(beat)).toEqual(beat);
    expect(readBeat({ ...beat, held: undefined })).toEqual({ ...beat, held: undefined });
  });

  it.each(["slots", "busy"])("refuses a beat whose %s is no count", (key) => {
    for (const value of wrong) expect(readBeat({ ...beat, [key]: value })).toBeUndefined();
  });

  it.each(["worker", "retries", "progress"])("refuses a beat without %s", (key) => {
    for (const value of [undefined, null, 5, {}]) expect(readBeat({ ...beat, [key]: value })).toBeUndefined();
  });

  it("leaves out places that are none", () => {
    const places = [[RUN, 1], [RUN], ["r", -1], [5, 1], "x", null, [RUN, 2, 3, 4]];
    expect(readBeat({ ...beat, held: places, retries: places, progress: places })).toEqual({
      ...beat,
      held: [[RUN, 1], [RUN, 2, 3]],
      retries: [[RUN, 2, 3, 4]],
      progress: [[RUN, 1, undefined], [RUN, 2, 3]],
    }); // biome-ignore format: a table
    const counts = [[RUN, 1, 1], [RUN, 1, 1_000], [RUN, 1, 1_001], [RUN, 1, -1], [RUN, 1, "2"]]; // biome-ignore format: a table
    expect(readBeat({ ...beat, held: counts })?.held).toEqual([[RUN, 1], [RUN, 1, 1_000], [RUN, 1], [RUN, 1], [RUN, 1]]); // biome-ignore format: a table
    expect(readBeat({ ...beat, held: "all" })?.held).toBeUndefined();
  });

  it("never throws", () => {
    const list = fc.oneof(
      fc.array(fc.oneof(fc.anything(), fc.tuple(fc.string(), fc.anything(), fc.anything()))),
      fc.anything(),
    );
    const forged = fc.record(
      {
        worker: fc.oneof(fc.string(), fc.anything()),
        slots: fc.oneof(fc.nat(), fc.anything()),
        busy: fc.nat(),
        held: list,
        retries: list,
        progress: list,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(forged, fc.anything()), (value) => {
        const read = readBeat(value);
        for (const [run, index] of [...(read?.held ?? []), ...(read?.retries ?? []), ...(read?.progress ?? [])]) {
          expect([typeof run, Number.isSafeInteger(index) && index >= 0]).toEqual(["string", true]);
        }
        for (const [, , delayMs] of read?.retries ?? []) expect(typeof delayMs).toBe("number");
      }),
      { numRuns: 500 },
    );
  });

  it("does not make anyone walk far, however many packs it names", () => {
    const held = Array.from({ length: 10_000 }, (_, pack) => ["run", pack * 1_000, 1_000]);
    const beat = readBeat({ worker: "w", slots: 1, busy: 1, held, retries: [], progress: [] });
    expect(beat?.held).toEqual(held.slice(0, 250));
    const single = Array.from({ length: 300_000 }, (_, index) => ["run", index]);
    expect(readBeat({ ...beat, held: single, retries: [], progress: [] })?.held).toHaveLength(250_000);
  });
});
