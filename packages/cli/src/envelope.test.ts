import { expect, test } from "vitest";
import { readEnvelope } from "./envelope.ts";

test("an envelope is an input with its own options", () => {
  const headers = { trace: "t" };
  const read = readEnvelope({ payload: { a: 1 }, id: "x", priority: 10, delayMs: 0, key: "k", headers }, "line 1");
  expect(read.invalid).toBeUndefined();
  expect(read.payload).toEqual({ a: 1 });
  expect(read.options).toEqual({ id: "x", priority: 10, delayMs: 0, key: "k", headers });
});

test("a payload may be anything, null too", () => {
  for (const payload of [null, 0, "", [], { payload: 1 }]) {
    const read = readEnvelope({ payload }, "line 1");
    expect(read.invalid).toBeUndefined();
    expect(read.payload).toEqual(payload);
  }
});

test.each<[unknown, string]>([
  [null, "an envelope is an object with a payload"],
  [[1], "an envelope is an object with a payload"],
  ["x", "an envelope is an object with a payload"],
  [{}, "the envelope has no payload"],
  [{ payload: 1, prio: 3 }, 'the envelope has an unknown key "prio"'],
  [{ payload: 1, toString: 3 }, 'the envelope has an unknown key "toString"'],
  [JSON.parse('{"payload":1,"__proto__":{"priority":1}}'), 'the envelope has an unknown key "__proto__"'],
  [{ payload: 1, id: "" }, "id of the envelope is to be a text of 1 to 1024 characters"],
  [{ payload: 1, id: 7 }, "id of the envelope is to be a text of 1 to 1024 characters"],
  [{ payload: 1, priority: 11 }, "priority of the envelope is to be a whole number from 0 to 10"],
  [{ payload: 1, priority: "5" }, "priority of the envelope is to be a whole number from 0 to 10"],
  [{ payload: 1, delayMs: -1 }, "delayMs of the envelope is to be a whole number from 0 to 31536000000"],
  [{ payload: 1, key: null }, "key of the envelope is to be a text of 1 to 1024 characters"],
  [
    { payload: 1, headers: { a: 1 } },
    "headers of the envelope is to be an object of texts, of at most 32768 characters in all",
  ],
  [{ payload: 1, id: "x".repeat(1_025) }, "id of the envelope is to be a text of 1 to 1024 characters"],
  [
    { payload: 1, headers: { a: "x".repeat(32_768) } },
    "headers of the envelope is to be an object of texts, of at most 32768 characters in all",
  ],
  [
    { payload: 1, headers: ["a"] },
    "headers of the envelope is to be an object of texts, of at most 32768 characters in all",
  ],
])("%j is refused", (value, fault) => {
  expect(readEnvelope(value, "line 7").invalid).toBe(`line 7: ${fault}`);
});
