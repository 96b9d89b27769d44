import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";
import { services } from "./services.ts";

const read = (words: string) => readArguments(words.split(" "), services);

test.each([
  ["up redis", { command: "up", name: "redis", which: { version: undefined, form: undefined } }],
  ["up redis --version 8 --cluster", { command: "up", name: "redis", which: { version: "8", form: "cluster" } }],
  ["kill --tls valkey", { command: "kill", name: "valkey", which: { version: undefined, form: "tls" } }],
  ["restart redis --away 500", { command: "restart", name: "redis", which: {}, awayMs: 500 }],
  ["down all", { command: "down", name: "all", which: { version: undefined, form: undefined } }],
  ["status", { command: "status", name: "", which: { version: undefined, form: undefined } }],
])("%s", (words, expected) => {
  expect(read(words)).toEqual({ awayMs: undefined, ...expected });
});

test.each([
  ["", /usage/],
  ["fly redis", /usage/],
  ["up", /usage/],
  ["up redis valkey", /usage/],
  ["status redis", /usage/],
  ["status --tls", /usage/],
  ["up all", /no service called all, there are: redis, valkey, /],
  ["up redis --version 5", /no redis 5, there are: 7, 8/],
  ["up redis --cluster --tls", /--cluster and --tls/],
  ["up redis --fast", /--fast/],
  ["up redis --away 5", /usage/],
  ["kill redis --away soon", /a number of ms, not "soon"/],
])("%j is refused", (words, complaint) => {
  expect(() => read(words)).toThrow(complaint);
});
