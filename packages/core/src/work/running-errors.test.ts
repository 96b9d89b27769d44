import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Dead, Drop, Retry } from "../errors.ts";
import { MemoryWorld } from "../testing/memory-world.ts";
import { readError } from "./running.ts";

/** As another copy of this package would make it: the kind is all that is shared. */
function foreign(kind: string, more: object = {}): object {
  return Object.assign(new Error("from afar"), { [Symbol.for("@org/dispatch-core/kind")]: kind, ...more });
}

describe("readError", () => {
  const yes = () => true;
  const no = () => false;

  it.each<[string, unknown, (error: unknown) => boolean, object]>([
    ["an error", new Error("boom"), yes, { kind: "failed", retryable: true, delayMs: undefined }],
    ["an error that is not retryable", new Error("boom"), no, { kind: "failed", retryable: false }],
    ["Retry", new Retry("again", { delayMs: 5 }), no, { kind: "failed", retryable: true, delayMs: 5 }],
    ["Retry without a delay", new Retry(), no, { kind: "failed", retryable: true, delayMs: undefined }],
    ["Dead", new Dead("never"), yes, { kind: "failed", retryable: false }],
    ["Drop", new Drop("why"), yes, { kind: "dropped" }],
    ["Retry of another copy", foreign("Retry", { delayMs: 5 }), no, { kind: "failed", retryable: true, delayMs: 5 }],
    ["Dead of another copy", foreign("Dead"), yes, { kind: "failed", retryable: false }],
    ["Drop of another copy", foreign("Drop"), yes, { kind: "dropped" }],
    ["a kind that nobody knows", foreign("Other"), yes, { kind: "failed", retryable: true }],
    ["no error at all", undefined, yes, { kind: "failed", retryable: true }],
    ["a text", "boom", no, { kind: "failed", retryable: false }],
  ])("%s", (_, error, retryable, expected) => {
    expect(readError(error, retryable)).toMatchObject(expected);
  });

  it.each([
    [0, 0],
    [1.2, 2],
    [Number.NaN, undefined],
    [-1, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [1e300, undefined],
    ["5", undefined],
    [null, undefined],
  ])("a Retry after %s waits for %s", (delayMs, expected) => {
    expect(readError(foreign("Retry", { delayMs }), () => false)).toMatchObject({ delayMs: expected });
  });

  it("takes an error as retryable where the user's word on it throws", () => {
    const throwing = () => {
      throw new Error("oops");
    };
    expect(readError(new Error("boom"), throwing)).toMatchObject({ retryable: true });
  });

  it("keeps the error's own code beside ours", () => {
    const error = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    expect(readError(error, yes).error).toMatchObject({ code: "ATTEMPTS_EXHAUSTED", cause: "ECONNREFUSED" });
    expect(readError(error, no).error).toMatchObject({ code: "REJECTED", cause: "ECONNREFUSED" });
  });

  it("reads anything that can be thrown", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true, withTypedArray: true }), (thrown) => {
        const read = readError(thrown, yes);
        expect(read.kind).toBe("failed");
        expect(typeof read.error.message).toBe("string");
      }),
    );
  });

  const bad = () => {
    throw new Error("a trap");
  };
  it.each<[string, unknown]>([
    ["a message that throws", Object.defineProperty(new Error("x"), "message", { get: bad })],
    ["a kind that throws", Object.defineProperty({}, Symbol.for("@org/dispatch-core/kind"), { get: bad })],
    ["a delay that throws", Object.defineProperty(foreign("Retry"), "delayMs", { get: bad })],
    ["a proxy that throws", new Proxy({}, { has: bad, get: bad, getPrototypeOf: bad })],
  ])("reads also what defends itself: %s", (_, thrown) => {
    expect(readError(thrown, yes)).toMatchObject({ kind: "failed", retryable: true });
  });
});

describe("what a handler gives costs its own task, and no other", () => {
  const bad = () => {
    throw new Error("a trap");
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const oddError = Object.assign(new Error("no"), { message: { status: 400 } });
  // biome-ignore lint/suspicious/noThenProperty: it is the subject.
  const withThen = (value: object, then: PropertyDescriptor) => Object.defineProperty(value, "then", then);
  it.each<[string, () => unknown]>([
    ["an error whose message is no text, at once", () => { throw oddError; }], // biome-ignore format: one line each
    ["an error whose message is no text, later", () => Promise.reject(oddError)],
    ["a result whose then cannot be asked for", () => withThen({}, { get: bad })],
    ["a result whose then throws", () => withThen({}, { value: bad })],
    ["a promise whose then throws", () => withThen(Promise.resolve(1), { value: bad })],
    ["a revoked proxy", () => revoked.proxy],
  ])("%s", async (_, give) => {
    const world = new MemoryWorld();
    const dispatcher = await world.dispatcher();
    await world.worker((n: number) => (n === 0 ? give() : n), { maxAttempts: 2 });
    const run = dispatcher.run("default", [0, 1]);
    expect(await world.outcomes(run)).toEqual(["dead ATTEMPTS_EXHAUSTED", "completed 1"]);
  });
});
