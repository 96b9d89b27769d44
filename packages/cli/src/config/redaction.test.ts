import { expect, test } from "vitest";
import { optionKey } from "./option-keys.ts";
import { redacted, redactedText } from "./redaction.ts";

test.each([
  ["redis://h:6379/1", "redis://h:6379/1"],
  ["redis://u:p@h:6379/1", "redis://u:***@h:6379/1"],
  ["redis://:p@h", "redis://:***@h"],
  ["redis://token@h", "redis://***@h"],
  ["amqps://u:p@ss/w?rd#x@h/v", "amqps://u:***@h/v"],
  ["redis://u:p@a:1,redis://u:q@b:2", "redis://u:***@b:2"],
  ["rediss:u:p@h", "rediss:u:***@h"],
  ["u:p@h", "u:***@h"],
  ["redis://u:p\n@h", "redis://u:***@h"],
  ["https://h/q?password=p&x=1&apiKey=k", "https://h/q?password=***&x=1&apiKey=***"],
  ["https://h/?X-Amz-Security-Token=t#f", "https://h/?X-Amz-Security-Token=***#f"],
  ["plain", "plain"],
])("%s is shown as %s", (text, shown) => {
  expect(redactedText(text)).toBe(shown);
});

test.each<[string, Parameters<typeof redacted>[1], readonly string[], unknown]>([
  ["password", "p", [], "***"],
  ["url", "redis://u:p@h", [], "redis://u:***@h"],
  ["bootstrapServers", ["u:p@a:1", "b:1"], [], ["u:***@a:1", "b:1"]],
  [
    "headers",
    { Authorization: "Bearer x", a: "b", "x-api-key": "k" },
    [],
    { Authorization: "***", a: "b", "x-api-key": "***" },
  ],
  ["headers", { a: "t" }, ["MY_TOKEN"], "***"],
  ["port", 1, ["PORT"], 1],
  ["tls", true, [], true],
])("%s %j is shown with %j as %j", (key, value, names, shown) => {
  expect(redacted(optionKey(key), value, names)).toEqual(shown);
});
