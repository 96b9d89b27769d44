// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested.
import fc from "fast-check";
import { expect, test } from "vitest";
import { groupNames, optionKeys } from "./option-keys.ts";
import { ConfigError } from "./problem.ts";
import { pythonKeys } from "./python-keys.ts";
import { CONNECTION, SCHEMA_KEY } from "./spots.ts";
import { loaded } from "./testing.ts";

const RUNS = 20_000;
const MOST_MS = 50;

const names = [...optionKeys, ...pythonKeys].map(({ key }) => key);
const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...names, ...groupNames, CONNECTION, SCHEMA_KEY, "baseMs", "maxMs") },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "then", "") },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
);
const text = fc.oneof(
  fc.constantFrom(
    "memory",
    "redis",
    "sqs",
    "rabbitmq",
    "kafka",
    "redis://u:p@h",
    "amqp:",
    "mongo:",
    "true",
    "5",
    "-1",
    "1e9",
    "inline",
  ),
  fc
    .array(
      fc.constantFrom(
        "${",
        "$${",
        "}",
        "${A}",
        "${NONE}",
        "${NONE:-",
        "a",
        "5",
        ":",
        "@",
        "://",
        ",",
        "?password=",
        "\n",
        "\ud800",
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join("")),
  fc.string({ maxLength: 30 }),
);
const scalar = fc.oneof(text, fc.integer({ min: -2, max: 100_000 }), fc.double(), fc.boolean(), fc.constant(null));
const { section } = fc.letrec((tie) => ({
  section: fc.dictionary(
    key,
    fc.oneof({ depthSize: "small" }, scalar, fc.array(scalar, { maxLength: 4 }), tie("section")),
    { maxKeys: 8 },
  ),
}));

const json = section.map((value) => JSON.stringify(value, null, 1));
const mark = fc.constantFrom(
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\n",
  "  ",
  "\t",
  "- ",
  "? ",
  "= ",
  "[[",
  "]]",
  '"',
  "'",
  '"""',
  "|",
  ">",
  "&a ",
  "*a",
  "!t ",
  "#",
  "---\n",
  "<<: ",
  "%",
  "\u0000",
  "\ufeff",
  "1979-05-27",
  "0x1F",
  ".inf",
  "nan",
);
const soup = fc
  .array(fc.oneof({ weight: 3, arbitrary: mark }, { weight: 2, arbitrary: key }, { weight: 1, arbitrary: text }), {
    maxLength: 40,
  })
  .map((parts) => parts.join(""));
const lines = fc
  .array(
    fc.tuple(
      fc.constantFrom("", "  ", "[connection]\n", "connection:\n  "),
      key,
      fc.constantFrom(" = ", ": ", ":\n  "),
      fc.oneof(mark, text, scalar.map(String)),
    ),
    { maxLength: 12 },
  )
  .map((rows) => rows.map((row) => row.join("")).join("\n"));
const deep = fc
  .tuple(fc.constantFrom("[", "{a: ", "- ", '{"a":', "a.", "? ", "  a:\n"), fc.nat(300))
  .map(([part, times]) => `a: ${part.repeat(times)}`);
/** A text that was right, with a part cut out, doubled, or moved. */
const broken = fc.tuple(json, fc.nat(), fc.nat(), soup).map(([text, from, to, more]) => {
  const [start, end] = [from % (text.length + 1), to % (text.length + 1)].toSorted((a, b) => a - b) as [number, number];
  return `${text.slice(0, start)}${more}${text.slice(end)}`;
});

const document = fc.oneof(json, soup, lines, deep, broken);
const file = fc.constantFrom("f.json", "f.toml", "f.yaml", "f");
const backend = fc.option(fc.constantFrom("memory", "redis", "kafka://a:1,b:2", "sqs:", "rabbitmq"), {
  nil: undefined,
});

test(`${RUNS.toLocaleString("en-US")} configurations: each loads or says what is wrong, in no time`, () => {
  const environment = { A: "6379", B: "${A}" };
  let loads = 0;
  // The first ones pay for what Node compiles.
  for (const name of ["f.json", "f.toml", "f.yaml"]) for (let warm = 0; warm < 200; warm += 1) attempt("{}", name, {});
  const slow = (text: string, name: string, line: object): boolean => {
    const begun = performance.now();
    if (attempt(text, name, line)) loads += 1;
    return performance.now() - begun > MOST_MS;
  };
  function attempt(text: string, name: string, line: object): boolean {
    try {
      const { settings } = loaded(text, { file: name, environment, line: line as Record<string, string> });
      for (const { option, value } of settings.values())
        if (value === undefined) expect(option.otherwise).toBeDefined();
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).problems.length).toBeGreaterThan(0);
      return false;
    }
  }
  fc.assert(
    fc.property(document, file, backend, (text, name, backend) => {
      const line = backend === undefined ? {} : { backend };
      // Once more for a pause that was the machine's.
      expect(slow(text, name, line) && slow(text, name, line) && slow(text, name, line)).toBe(false);
    }),
    { numRuns: RUNS },
  );
  expect(loads).toBeGreaterThan(RUNS / 50);
  expect(Object.keys(Object.prototype)).toEqual([]);
}, 300_000);
