import { describe, expect, it } from "vitest";
import { checkName, NAME } from "./names.ts";

describe("a name", () => {
  it("is what was promised", () => {
    expect(`${NAME}`).toBe("/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/");
  });

  it.each(["a", "A", "0", "default", "a.b-c_d", "a..", "9-", "a".repeat(128)])("%j is good", (name) => {
    expect(() => checkName("queue", name)).not.toThrow();
  });

  it.each<unknown>([
    "",
    ".a",
    "-a",
    "_a",
    "a b",
    "a/b",
    "a:b",
    "a\n",
    "\na",
    "a\0",
    "é",
    "ａ",
    "a".repeat(129),
    "a*",
    undefined,
    null,
    5,
    true,
    ["a"],
    { toString: () => "a" },
  ])("%j is refused", (name) => {
    const refused = expect.objectContaining({
      code: "CONFIG_INVALID",
      message: `queue ${JSON.stringify(name)}: a name begins with a letter or digit and has at most 128 letters, digits, dots, dashes or underscores`,
    });
    expect(() => checkName("queue", name as string)).toThrow(refused);
  });
});
