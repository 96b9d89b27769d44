import { expect, test } from "vitest";
import {
  addressOf,
  durationMs,
  isolation,
  listenAddress,
  MAX_DURATION_MS,
  nameOf,
  oneOf,
  onOrOff,
  present,
  wholeNumber,
} from "./options.ts";

test.each([
  ["0", 0],
  ["1500", 1_500],
  ["250ms", 250],
  ["30s", 30_000],
  ["1.5s", 1_500],
  ["5m", 300_000],
  ["2h", 7_200_000],
  ["1.1h", 3_960_000],
  ["2.3h", 8_280_000],
  ["4.35m", 261_000],
  ["1.005s", 1_005],
  ["8759.9999h", 31_535_999_640],
  [String(MAX_DURATION_MS), MAX_DURATION_MS],
])("a duration %s is %d ms", (text, ms) => {
  expect(durationMs("--delay", 0)(text)).toBe(ms);
});

test.each([
  "",
  "-1",
  "abc",
  "1.5",
  "1.0005s",
  "1.00000000000000000001s",
  ".5s",
  "1e3",
  "0x10",
  "10 s",
  "5d",
  "Infinity",
  String(MAX_DURATION_MS + 1),
  "25000000h",
])("a duration %j is refused with its flag", (text) => {
  expect(() => durationMs("--delay", 0)(text)).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("--delay takes milliseconds from 0"),
    }),
  );
});

test("a duration outside of its range is refused", () => {
  expect(() => durationMs("--lease", 100, 43_200_000)("13h")).toThrow(
    "--lease takes milliseconds from 100 to 43200000",
  );
  expect(durationMs("--lease", 1)("1")).toBe(1);
  expect(() => durationMs("--lease", 1)("0")).toThrow("--lease takes milliseconds from 1");
});

test.each(["0", "10", "7"])("a whole number %s within its range", (text) => {
  expect(wholeNumber("--priority", 0, 10)(text)).toBe(Number(text));
});

test.each(["", "-1", "11", "1.5", "five", "1e1", "99999999999999999999"])("a whole number %j is refused", (text) => {
  expect(() => wholeNumber("--priority", 0, 10)(text)).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: `--priority takes a whole number from 0 to 10, not "${text}"`,
    }),
  );
});

test.each(["a", "A9", "0", "my.queue_1-x", "x".repeat(128)])("%s is a name", (text) => {
  expect(nameOf("--queue")(text)).toBe(text);
});

test.each(["", ".a", "-a", "_a", "a b", "ä", "a/b", "a\n", "x".repeat(129)])("%j is no name", (text) => {
  expect(() => nameOf("--queue")(text)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});

test("one word out of a few", () => {
  const parse = oneOf("--log", ["text", "json"] as const);
  expect(parse("json")).toBe("json");
  expect(() => parse("JSON")).toThrow('--log takes one of text, json, not "JSON"');
});

test("on or off", () => {
  expect(["on", "off"].map(onOrOff("--pack"))).toEqual([true, false]);
  expect(() => onOrOff("--pack")("true")).toThrow('--pack takes one of on, off, not "true"');
});

test("isolation in a thread or a process names the package that it needs", () => {
  expect(isolation("inline")).toBe("inline");
  for (const mode of ["thread", "process"])
    expect(() => isolation(mode)).toThrow(`--isolation ${mode} needs the package @org/dispatch-isolation`);
  expect(() => isolation("fiber")).toThrow("one of inline, thread, process");
});

test("absent options are left out, false and 0 are not", () => {
  expect(present({ a: undefined, b: 0, c: false, d: "" })).toEqual({ b: 0, c: false, d: "" });
  expect(Object.keys(present({ a: undefined }))).toEqual([]);
});

test.each([
  ["127.0.0.1:9464", { host: "127.0.0.1", port: 9464 }],
  ["[::1]:0", { host: "::1", port: 0 }],
  ["metrics.internal:65535", { host: "metrics.internal", port: 65_535 }],
])("%s is where to listen", (text, address) => {
  expect([listenAddress("--http")(text), addressOf(text)]).toEqual([text, address]);
});

test.each([
  "",
  "9464",
  ":9464",
  "127.0.0.1",
  "127.0.0.1:",
  "127.0.0.1:65536",
  "::1:9464",
  "http://127.0.0.1:1",
  "a b:1",
])("%j is nowhere to listen", (text) => {
  expect(() => listenAddress("--http")(text)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining("--http takes HOST:PORT") }),
  );
});
