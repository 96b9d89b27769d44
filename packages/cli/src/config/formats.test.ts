// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSection } from "./document.ts";
import { readJson } from "./json-text.ts";
import { ConfigError } from "./problem.ts";
import { formatOf, readDocument } from "./source-file.ts";

/** A document as plain values. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isSection(value)) return value;
  return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry.value)]));
}

test.each([
  ["f.json", '{"a": 1}', "json"],
  ["f.JSON", "a = 1", "json"],
  ["f.toml", "a: 1", "toml"],
  ["f.yml", "{}", "yaml"],
  ["f.yaml", "a = 1", "yaml"],
  ["f", '\n  {"a": 1}', "json"],
  ["f.conf", "# c\n\n[connection]", "toml"],
  ["f", "a = 1", "toml"],
  ["f", '"a.b" = 1', "toml"],
  ["f", "a.b= 1", "toml"],
  ["f", "a: b = 1", "yaml"],
  ["f", "---\na: 1", "yaml"],
  ["f", "", "yaml"],
])("%s with %j is %3$s", (file, text, format) => {
  expect(formatOf(file, text)).toBe(format);
});

test.each([
  ["f.json", '{"a": {"b": [1, "x", true, null]}, "c": 1.5}'],
  ["f.toml", 'c = 1.5\n[a]\nb = [1, "x", true]'],
  ["f.yaml", "a:\n  b: [1, x, true, null]\nc: 1.5"],
  ["f.yaml", "x: &x [1, x, true, null]\na: {b: *x}\nc: 1.5"],
])("%s reads %j", (file, text) => {
  expect(plain(readDocument(text, file).root)).toMatchObject({
    a: { b: expect.arrayContaining([1, "x", true]) },
    c: 1.5,
  });
});

// A message never has a part of the file in it: the secret below is where the fault is.
test.each<[string, string, number | undefined, string]>([
  ["f.json", '{"a": 1,\n"p": hunter2}', 2, "JSON: a value is expected here"],
  ["f.json", '{"p": "hunter2",\n}', 2, 'JSON: a key in double quotes is expected here, or "}"'],
  ["f.json", '{"p" "hunter2"}', 1, 'JSON: ":" is expected after a key'],
  ["f.json", '{"p": "hunter2" "b"}', 1, 'JSON: "," or "}" is expected here'],
  ["f.json", '{"a": 1,\n\n"p": "hunter2}', 3, "JSON: a text is not closed"],
  ["f.json", '{"a": 1,\n"p": "hunter2\\q"}', 2, "a text holds a line break, a control character or a wrong escape"],
  ["f.json", '{"a": 1}\nhunter2', 2, "JSON: the document has ended, but more follows"],
  ["f.json", '{"p": 1,\n"p": "hunter2"}', 2, 'the key "p" stands here for the second time'],
  ["f.json", '["hunter2"]', 1, "the file is no object of keys and values"],
  ["f.json", "", 1, "JSON: a value is expected here"],
  ["f.json", `{"a":${"[".repeat(70)}`, 1, "JSON: nested deeper than 64"],
  ["f.toml", 'a = 1\np = "hunter2', 2, "TOML: "],
  ["f.toml", "a = 1\np = hunter2", 2, "TOML: invalid value"],
  ["f.toml", 'p = 1\np = "hunter2"', 2, "TOML: "],
  ["f.toml", `a = ${"[".repeat(70)}`, 1, "TOML: "],
  ["f.toml", `[${"a.".repeat(70)}a]`, undefined, "TOML: nested deeper than 64"],
  ["f.yaml", "a: 1\np: !hunter2 x", 2, "YAML: a tag is not known"],
  ["f.yaml", "a: 1\np: @hunter2", 2, "YAML: a text that begins like this needs quotes"],
  ["f.yaml", "a: 1\np: *hunter2", 2, "YAML: an alias has no anchor"],
  ["f.yaml", 'a: 1\np: "hunter2', 2, "YAML: a quote, a bracket, a colon or a space is missing"],
  ["f.yaml", "a: 1\na: hunter2", 2, 'the key "a" stands here for the second time'],
  ["f.yaml", "a: 1\n---\np: hunter2", 2, "YAML: the file holds more than one document"],
  ["f.yaml", "a:\n\t- hunter2", 2, "YAML: "],
  ["f.yaml", "? [hunter2]\n: 1", undefined, "YAML: a key is no text"],
  ["f.yaml", "- hunter2", 1, "the file is no map of keys and values"],
  ["f.yaml", "hunter2", 1, "the file is no map of keys and values"],
  ["f.yaml", `a: ${"[".repeat(2_000)}`, 1, "YAML: nested deeper than 64"],
  ["f.yaml", `a: 1\nb: ${"{a: ".repeat(2_000)}`, 2, "YAML: nested deeper than 64"],
  ["f.yaml", "- ".repeat(2_000), 1, "YAML: nested deeper than 64"],
])("%s: %j is refused at line %j", (file, text, line, message) => {
  const error = (() => {
    try {
      return readDocument(text, file);
    } catch (error) {
      return error;
    }
  })();
  expect(error).toBeInstanceOf(ConfigError);
  const { problems } = error as ConfigError;
  expect(problems).toEqual([{ path: "", line, message: expect.stringContaining(message) }]);
  expect(problems[0]?.message).not.toContain("hunter2");
});

describe("aliases of YAML", () => {
  test("that unfold without end are refused", () => {
    const letters = "abcdefgh";
    const lines = [...letters].map((letter, index) => {
      const inner = index === 0 ? "x" : `*${letters[index - 1]}`;
      return `${letter}: &${letter} [${Array(9).fill(inner).join(", ")}]`;
    });
    expect(() => readDocument(lines.join("\n"), "f.yaml")).toThrow("YAML: more than 100 aliases");
  });

  test("that go in a circle end", () => {
    expect(() => readDocument("a: &a {b: *a, c: [*a]}", "f.yaml")).not.toThrow(RangeError);
  });
});

describe("the reader of JSON", () => {
  const read = (text: string) => plain(readJson(text).root);

  test("says what Node's says", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.nat(3), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(read(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });

  test("refuses what Node's refuses, and nothing else but a key twice", () => {
    const parts = [
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      '"a"',
      '"b"',
      "1",
      "-",
      "0",
      "1.5e3",
      ".",
      "true",
      "null",
      " ",
      "\n",
      "\\",
      '"',
      "x",
      "\u0000",
    ];
    const text = fc.array(fc.constantFrom(...parts), { maxLength: 12 }).map((inner) => `{"k":${inner.join("")}}`);
    fc.assert(
      fc.property(text, (text) => {
        const node = attempt(() => JSON.parse(text) as unknown);
        const ours = attempt(() => read(text));
        if (!String(ours).includes("second time")) expect(ours instanceof Error).toBe(node instanceof Error);
      }),
      { numRuns: 5_000 },
    );
  });

  function attempt(act: () => unknown): unknown {
    try {
      return act();
    } catch (error) {
      return error;
    }
  }
});
