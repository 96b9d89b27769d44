import { describe, expect, it } from "vitest";
import type { DispatchEvent } from "./contract/index.ts";
import {
  asText,
  codes,
  Dead,
  DispatchError,
  Drop,
  guard,
  KIND,
  kindOf,
  printed,
  Retry,
  readWireError,
  toWireError,
} from "./errors.ts";

/** The closed list, as it was promised. */
const promised =
  `UNAVAILABLE THROTTLED TIMED_OUT DENIED MISSING MISMATCH TOO_LARGE QUEUE_FULL CLOSED INPUT_INVALID FRAME_INVALID
  CODEC_UNKNOWN DECRYPT_FAILED BLOB_MISSING ATTEMPTS_EXHAUSTED REJECTED TASK_UNKNOWN LOST VANISHED EXPIRED CANCELLED LEASE_LOST
  SHUTTING_DOWN CONFIG_INVALID UNSUPPORTED`.split(/\s+/);
const everyCode = Object.keys(codes) as (keyof typeof codes)[];

describe("the table of codes", () => {
  it("is the closed list", () => {
    expect(everyCode).toEqual(promised);
    expect(Object.isFrozen(codes)).toBe(true);
  });

  it.each(everyCode)("%s is a code of its own, says what it means in a line, and is what an error carries", (code) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(codes[code].means).toMatch(/^\S[^\n|]{5,120}[^.\s]$/);
    expect(new DispatchError(code, "text").code).toBe(code);
  });

  it("lets core try again only where the broker may come back by itself", () => {
    expect(everyCode.filter((code) => codes[code].again)).toEqual(["UNAVAILABLE", "THROTTLED", "TIMED_OUT"]);
  });
});

describe("the one error class", () => {
  it("carries code, message and cause", () => {
    const cause = new Error("socket");
    const error = new DispatchError("UNAVAILABLE", "the broker is away", { cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message, error.cause]).toEqual([
      "DispatchError",
      "UNAVAILABLE",
      "the broker is away",
      cause,
    ]);
    expect(Object.hasOwn(new DispatchError("CLOSED", ""), "cause")).toBe(false);
  });
});

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error("get");
    },
    has() {
      throw new Error("has");
    },
    ownKeys() {
      throw new Error("ownKeys");
    },
    getPrototypeOf() {
      throw new Error("getPrototypeOf");
    },
  },
);
const revoked = Proxy.revocable({}, {});
revoked.revoke();

describe("what a handler throws on purpose", () => {
  it.each([
    [new Retry(), "Retry", "retry"],
    [new Retry("later", { delayMs: 5 }), "Retry", "later"],
    [new Dead("never"), "Dead", "never"],
    [new Drop("nobody"), "Drop", "nobody"],
  ])("%s is known by its own word", (error, kind, message) => {
    expect([kindOf(error), error.name, error.message]).toEqual([kind, kind, message]);
    expect(error).toBeInstanceOf(Error);
  });

  it("may say when to try again", () => {
    expect([new Retry("", { delayMs: 0 }).delayMs, new Retry().delayMs]).toEqual([0, undefined]);
  });

  it("is known also where another copy of this package made it", () => {
    expect(KIND).toBe(Symbol.for("@org/dispatch-core/kind"));
    expect(kindOf({ [Symbol.for("@org/dispatch-core/kind")]: "Dead" })).toBe("Dead");
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a text", "Dead"],
    ["an error", new Error("Dead")],
    ["an object without a prototype", Object.create(null)],
    ["a proxy that throws", hostile],
    ["a revoked proxy", revoked.proxy],
  ])("is never taken for what is not: kindOf %s never throws", (_, value) => {
    expect(kindOf(value)).toBeUndefined();
  });
});

describe("an error on the wire", () => {
  const wire = (error: unknown) => toWireError(error, "REJECTED");

  it("has name, message, code and stack; the own code of it is the cause", () => {
    const error = Object.assign(new TypeError("no"), { code: "E_OWN", secret: "x", stack: "TypeError: no\n    at x" });
    expect(wire(error)).toEqual({
      name: "TypeError",
      message: "no",
      code: "REJECTED",
      cause: "E_OWN",
      stack: "TypeError: no\n    at x",
    });
    expect(Object.keys(wire(Object.assign(new Error("no"), { code: "REJECTED" })))).not.toContain("cause");
  });

  it.each<[string, unknown, string]>([
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 0, "0"],
    ["a text", "went wrong", "went wrong"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a big integer", 7n, "7"],
    ["an object", { a: 1 }, "[object Object]"],
    ["a list", [1, 2], "1,2"],
    ["an object without a prototype", Object.create(null), "an error that cannot be printed"],
    ["a toString that throws", { toString: () => hostile }, "an error that cannot be printed"],
    ["a proxy that throws", hostile, "an error that cannot be printed"],
    ["a revoked proxy", revoked.proxy, "an error that cannot be printed"],
  ])("may be anything that was thrown: %s", (_, thrown, message) => {
    expect(wire(thrown)).toEqual({ name: "Error", message, code: "REJECTED" });
  });

  it.each<[string, unknown, string]>([
    ["an object", { detail: "no" }, "[object Object]"],
    ["nothing", undefined, "undefined"],
    ["a number", 5, "5"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["what cannot be printed", hostile, "an error that cannot be printed"],
  ])("is a text also where the message of an Error is none: %s", (_, message, text) => {
    const error = Object.assign(new Error("no"), { message });
    expect(wire(error)).toMatchObject({ name: "Error", message: text });
    expect(printed(error)).toBe(text);
  });

  it("takes only texts", () => {
    const odd = { name: 5, message: { toString: () => "no" }, code: 404, stack: ["x"] };
    expect(wire(odd)).toEqual({ name: "Error", message: "[object Object]", code: "REJECTED" });
  });

  it.each([
    ["name", { name: "Error" }],
    ["message", { message: "[object Object]" }],
    ["code", { cause: undefined }],
    ["stack", { stack: undefined }],
  ])("loses just the field whose getter throws: %s", (field, instead) => {
    const thrown = { name: "TypeError", message: "no", code: "E_OWN", stack: "at x" };
    Object.defineProperty(thrown, field, {
      get() {
        throw new Error("hidden");
      },
    });
    const whole = { name: "TypeError", message: "no", code: "REJECTED", cause: "E_OWN", stack: "at x" };
    expect(wire(thrown)).toEqual({ ...whole, ...instead });
  });

  describe.each([
    ["message", 2_048],
    ["stack", 8_192],
    ["name", 128],
    ["code", 128],
  ] as const)("%s is cut at %d bytes", (field, most) => {
    const cut = (text: string) =>
      wire(Object.assign(new Error("no"), { [field]: text }))[field === "code" ? "cause" : field];

    it.each([
      ["one byte", "x"],
      ["two bytes", "ü"],
      ["three bytes", "€"],
      ["four bytes", "😀"],
    ])("never within a character of %s", (_, character) => {
      const width = Buffer.byteLength(character);
      for (let shift = 0; shift < 4; shift += 1) {
        const text = "a".repeat(shift) + character.repeat(most);
        const kept = cut(text) as string;
        expect(text.startsWith(kept)).toBe(true);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(most);
        expect(Buffer.byteLength(kept)).toBeGreaterThan(most - width);
      }
    });

    it("and not before", () => {
      for (const text of [
        "x".repeat(most),
        "ü".repeat(most / 2),
        "€".repeat(Math.floor(most / 3)),
        "😀".repeat(most / 4),
      ])
        expect(cut(text)).toBe(text);
    });
  });
});

describe("an error from outside", () => {
  it.each<[unknown, object]>([
    [undefined, { name: "Error", message: "", code: "REJECTED" }],
    ["text", { name: "Error", message: "", code: "REJECTED" }],
    [[1], { name: "Error", message: "", code: "REJECTED" }],
    [
      { name: 1, message: null, code: {}, cause: 5, stack: [] },
      { name: "Error", message: "", code: "REJECTED" },
    ],
    [
      { name: "n", message: "m", code: "LOST", cause: "c", stack: "s", extra: "e", __proto__: { more: 1 } },
      { name: "n", message: "m", code: "LOST", cause: "c", stack: "s" },
    ],
  ])("%j is texts, and nothing else", (raw, read) => {
    expect(readWireError(raw)).toEqual(read);
  });

  it("comes back as it was", () => {
    const error = toWireError(Object.assign(new RangeError("no"), { code: "E" }), "TIMED_OUT");
    expect(readWireError(JSON.parse(JSON.stringify(error)))).toEqual(error);
  });

  it.each([
    ["", ""],
    ["text", "text"],
    [5, "else"],
    [null, "else"],
  ])("asText of %j is %j", (value, text) => {
    expect(asText(value, "else")).toBe(text);
  });
});

describe("a guarded observer", () => {
  const event: DispatchEvent = { event: "warning", code: "CLOSED", message: "m" };

  it("gets every event, and cannot break what it observes", () => {
    const seen: DispatchEvent[] = [];
    const observe = guard((one) => {
      seen.push(one);
      throw new Error("a fault of its own");
    });
    expect(() => observe?.(event)).not.toThrow();
    expect(seen).toEqual([event]);
  });

  it("that rejects ends no process: nobody waits for what it does", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on("unhandledRejection", note);
    guard(async () => {
      throw new Error("a fault of its own");
    })?.(event);
    await new Promise((resolve) => setTimeout(resolve));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  it("that is none stays none", () => {
    expect(guard(undefined)).toBeUndefined();
  });
});
