import { describe, expect, it } from "vitest";
import { cpuMs } from "../testing/cpu-time.ts";
import { decodeFrame, isBad } from "./frame.ts";
import { bodyLimits, encodeJson, JSON_CODEC, wrapping } from "./json.ts";
import { taskFrame } from "./maker.ts";
import { bodyOf, payloadOf } from "./testing.ts";

const read = (json: string) => bodyOf({ body: Buffer.from(json, "utf8"), codecs: [JSON_CODEC] }, wrapping.task);
const nested = (levels: number, open = "[", close = "]") => `${open.repeat(levels)}${close.repeat(levels)}`;
const refused = { bad: "FRAME_INVALID", detail: "nested deeper than 64" };

/** A payload, sent and read. */
function carried(payload: unknown): unknown {
  const sent = taskFrame({
    run: "AAAAAAAAAAA",
    index: 0,
    task: "t",
    payload,
    coordinator: undefined,
    priority: 5,
    delayMs: 0,
    key: undefined,
    id: undefined,
    headers: undefined,
    deadlineAt: undefined,
    sentAt: 0,
  });
  const frame = decodeFrame(sent.bytes, "q", "normal");
  if (isBad(frame)) throw new Error(frame.detail);
  const body = payloadOf(frame);
  if ("bad" in body) throw new Error(body.detail);
  return body.value;
}

describe("a payload comes back as it was", () => {
  it.each<[string, unknown]>([
    ["null", null],
    ["false", false],
    ["zero", 0],
    ["a small number", 5e-324],
    ["a large number", Number.MAX_VALUE],
    ["an empty text", ""],
    ["an empty list", []],
    ["an empty object", {}],
    ["a lone high surrogate", "a\ud800b"],
    ["a lone low surrogate", "\udfff"],
    ["line separators", "\u2028\u2029"],
    ["an emoji with a joiner", "👩‍👩‍👧"],
    ["a zero byte", "a\0b"],
    ["a byte order mark", "\ufeff"],
    ["every control character", Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join("")],
    ["every unit below 0x800", Array.from({ length: 0x800 }, (_, code) => String.fromCharCode(code)).join("")],
    ["quotes and backslashes", '"\\"\\\\'],
    ["brackets in a text", "[{".repeat(500)],
  ])("%s", (_, payload) => {
    expect(carried(payload)).toEqual(payload);
    expect(carried({ [JSON.stringify(payload)]: [payload] })).toEqual({ [JSON.stringify(payload)]: [payload] });
  });

  it.each<[string, unknown, unknown]>([
    ["undefined is null", undefined, null],
    ["NaN is null", [Number.NaN], [null]],
    ["NaN by itself is null", Number.NaN, null],
    ["infinity is null", Number.NEGATIVE_INFINITY, null],
    ["a large number is the same", 1e300, 1e300],
    ["minus zero is zero", -0, 0],
    ["a date is its text", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["what has no JSON in an object is left out", { a: 1, b: undefined, c: () => 1 }, { a: 1 }],
  ])("but, as JSON has it, %s", (_, payload, value) => {
    expect(carried(payload)).toEqual(value);
  });

  it("keys of prototypes are own keys like any others", () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const payload: unknown = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"toString":3}',
    );
    const value = carried(payload) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.getOwnPropertyDescriptor(value, "__proto__")?.value).toEqual({ polluted: 1 });
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

/** Of a text that long the brackets are counted before it is parsed. */
const long = (json: string) => json.replace("[", `["${"x".repeat(300_000)}",`);

describe("depth", () => {
  it.each([
    ["[", "]"],
    ['{"a":', "}"],
    ['[{"a":', "}]"],
    ['{"]}":', "}"],
  ])("of %s%s is allowed up to 64 levels, not 65, at both ends", (open, close) => {
    const levels = (open.match(/^\[\{/) ?? []).length > 0 ? 2 : 1;
    const deepest = `${open.repeat(64 / levels)}0${close.repeat(64 / levels)}`;
    const deeper = `[${deepest}]`;
    expect(read(`[${deepest}]`)).toEqual({ value: [JSON.parse(deepest)] });
    expect(read(`[${deeper}]`)).toEqual(refused);
    expect(encodeJson([JSON.parse(deepest)], wrapping.task)).toBe(`[${deepest}]`);
    expect(encodeJson(JSON.parse(deepest))).toBe(deepest);
    expect(() => encodeJson([JSON.parse(deeper)], wrapping.task)).toThrow(
      expect.objectContaining({ code: "INPUT_INVALID", message: "nested deeper than 64" }),
    );
  });

  it("of a value is the same whatever core puts around it", () => {
    const value: unknown = JSON.parse(nested(64));
    const result = { worker: "w", results: [{ value }], probes: [] };
    const body = (wrapped: number) =>
      bodyOf({ body: Buffer.from(JSON.stringify(result)), codecs: [JSON_CODEC] }, wrapped);
    expect(encodeJson(value)).toBe(nested(64));
    expect(body(wrapping.reply)).toEqual({ value: result });
    expect(body(wrapping.reply - 1)).toEqual(refused);
  });

  it("of a hundred thousand siblings is one", () => {
    const wide = `[${Array.from({ length: 100_000 }, () => "[]").join(",")}]`;
    expect(read(wide)).not.toHaveProperty("bad");
  });

  it.each([
    ["in a text", `["${"[".repeat(200)}"]`],
    ["after an escaped quote", `["\\"${"[".repeat(200)}"]`],
    ["after escaped backslashes and a quote", `["\\\\\\"${"{".repeat(200)}"]`],
    ["as escapes", `["${"\\u005b".repeat(200)}"]`],
    ["in a key", `[{"${"{[".repeat(200)}":1}]`],
  ])("brackets %s do not count", (_, json) => {
    expect(read(json)).toEqual({ value: JSON.parse(json) });
    expect(read(long(json))).not.toHaveProperty("bad");
    expect(encodeJson(JSON.parse(json), wrapping.task)).toBe(JSON.stringify(JSON.parse(json)));
  });

  it.each([
    ["a text that ends in a backslash", `["\\\\",${nested(65)}]`],
    ["a text that ends in a quote", `["\\"",${nested(65)}]`],
    ["a closing bracket in a text", `["${"]".repeat(100)}",${nested(65)}]`],
    ["an empty text", `["",${nested(65)}]`],
  ])("counts behind %s", (_, json) => {
    expect(read(json)).toEqual(refused);
    expect(read(long(json))).toEqual(refused);
    expect(() => encodeJson(JSON.parse(json), wrapping.task)).toThrow("nested deeper than 64");
  });

  it.each([
    ["closed", nested(1_000_000)],
    ["open", "[".repeat(1_000_000)],
    ["of objects", '{"a":'.repeat(1_000_000)],
  ])("of a million, %s, is refused at once", (_, json) => {
    const startedAt = cpuMs();
    expect(read(json)).toEqual(refused);
    expect(cpuMs() - startedAt).toBeLessThan(1_000);
  });
});

describe("what cannot be sent", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  const hostile = {
    toJSON() {
      throw new Error("no JSON of me");
    },
  };

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a big integer", [1n]],
    ["a circle", circle],
    ["a toJSON that throws", [hostile]],
  ])("%s is INPUT_INVALID", (_, value) => {
    expect(() => encodeJson(value)).toThrow(expect.objectContaining({ name: "DispatchError", code: "INPUT_INVALID" }));
  });

  it("deeper than the stack is told as deeper than the limit", () => {
    expect(() => encodeJson(deep)).toThrow(
      expect.objectContaining({ code: "INPUT_INVALID", message: "nested deeper than 64" }),
    );
  });

  it("keeps the cause, and says it in one line", () => {
    const thrown = (() => {
      try {
        return encodeJson([hostile]);
      } catch (error) {
        return error as Error;
      }
    })();
    expect(thrown).toMatchObject({
      message: "not representable as JSON: no JSON of me",
      cause: { message: "no JSON of me" },
    });
  });
});

describe("size", () => {
  const full = bodyLimits.decodedBytes;

  it("of 16 MiB is allowed, one more is not, at both ends", () => {
    const json = encodeJson(["x".repeat(full - 4)]);
    expect(json).toHaveLength(full);
    expect(read(json)).toHaveProperty("value");
    expect(() => encodeJson(["x".repeat(full - 3)])).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
    expect(read(`${json} `)).toEqual({ bad: "FRAME_INVALID", detail: `a body of ${full + 1} bytes` });
  });

  it("refuses what no text of V8 can hold as what it is", () => {
    const endless = { toJSON: () => "x".repeat(2 ** 30) };
    expect(() => encodeJson([endless])).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });

  it("refuses what no reader would take: it counts bytes, as the reader does", () => {
    expect(() => encodeJson(["€".repeat(full / 3)])).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });
});

describe("a body that is not ours", () => {
  it.each([
    ["nothing", ""],
    ["half a text", '["abc'],
    ["two values", "[1][2]"],
    ["a byte order mark", "\ufeff[1]"],
    ["a comment", "[1] // one"],
  ])("%s is FRAME_INVALID", (_, json) => {
    expect(read(json)).toEqual({ bad: "FRAME_INVALID", detail: "not JSON" });
  });

  it.each([[[]], [[1]], [[1, 1]]])("the codecs %j are known", (codecs) => {
    expect(bodyOf({ body: Buffer.from("[1]"), codecs }, wrapping.task)).toEqual({ value: [1] });
  });

  it.each([
    [[15], 15],
    [[1, 15], 15],
  ])("the codecs %j are not", (codecs, unknown) => {
    expect(bodyOf({ body: Buffer.from("[1]"), codecs }, wrapping.task)).toEqual({
      bad: "CODEC_UNKNOWN",
      detail: `codec ${unknown}`,
    });
  });

  it("reads just its own part of a larger buffer", () => {
    const around = Buffer.from("[9][1][9]");
    expect(bodyOf({ body: around.subarray(3, 6), codecs: [JSON_CODEC] }, wrapping.task)).toEqual({ value: [1] });
  });
});
