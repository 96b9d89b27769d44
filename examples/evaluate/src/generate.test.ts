import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseInputs, relationInputs } from "./inputs.ts";

const script = fileURLToPath(new URL("../generate.ts", import.meta.url));

function generate(...argv: string[]) {
  // Node 22 warns that it strips types; what is tested here is what the script itself says.
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, ...argv]);
  child.stdin.end();
  return { child, exit: once(child, "exit"), errors: text(child.stderr) };
}

async function linesOf(...argv: string[]): Promise<unknown[]> {
  const { child, exit, errors } = generate(...argv);
  const output = await text(child.stdout);
  expect(await errors).toBe("");
  expect((await exit)[0]).toBe(0);
  expect(output.endsWith("\n")).toBe(true);
  return output
    .slice(0, -1)
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

test("each payload is a line, exactly as the generator makes it", async () => {
  expect(await linesOf()).toEqual([...parseInputs()]);
});

test("the options reach the payloads", async () => {
  expect(await linesOf("--repeat", "2", "--slow-ms", "7", "--folder", "early")).toEqual([
    ...parseInputs({ folders: ["early"], repeat: 2, slowMs: 7 }),
  ]);
  expect(await linesOf("--kind", "relation")).toEqual([...relationInputs()]);
});

test("a reader that has enough ends it without a word", async () => {
  const { child, exit, errors } = generate("--repeat", "100000");
  await once(child.stdout, "data");
  child.stdout.destroy();
  expect(await exit).toEqual([0, null]);
  expect(await errors).toBe("");
});

test("a wrong option is one line, and exit 2", async () => {
  const { child, exit, errors } = generate("--folder", "nowhere");
  expect(await text(child.stdout)).toBe("");
  expect(await errors).toBe("generate: --folder nowhere: not one of pass, pass-explicit, fail, early\n");
  expect((await exit)[0]).toBe(2);
});

test("--help says what there is", async () => {
  const { child, exit } = generate("--help");
  expect(await text(child.stdout)).toContain("--repeat N");
  expect((await exit)[0]).toBe(0);
});
