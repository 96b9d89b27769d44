import { link, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { openOutput, outputTo } from "./output.ts";

const kept = { close: false };
const calm = { first: new Promise<never>(() => {}) };

async function folder(): Promise<string> {
  return temporaryFolder("dispatch-output");
}

test("lines come out in order, once, at the end of the turn", async () => {
  const stream = new PassThrough();
  const output = outputTo(stream, "standard output", kept);
  output.write("a");
  output.write("b");
  await new Promise((resolve) => setImmediate(resolve));
  expect(stream.read()?.toString()).toBe("a\nb\n");
  output.write("c");
  await output.finish();
  expect(stream.read()?.toString()).toBe("c\n");
  expect(stream.writableEnded).toBe(false);
});

test("a slow reader holds the writer back", async () => {
  const release: (() => void)[] = [];
  const stream = new Writable({ highWaterMark: 10, write: (_chunk, _encoding, done) => void release.push(done) });
  const output = outputTo(stream, "standard output", kept);
  expect(output.write("x".repeat(20))).toBeUndefined();
  await new Promise((resolve) => setImmediate(resolve));
  const full = output.write("y");
  expect(full).toBeInstanceOf(Promise);
  let went = false;
  void full?.then(() => {
    went = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(went).toBe(false);
  while (release.length > 0) {
    release.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(went).toBe(true);
});

test("a reader that went away is CLOSED: for what waits, for what comes, and at the end", async () => {
  let fail: (error: Error) => void = () => {};
  const stream = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      fail = done;
    },
  });
  const output = outputTo(stream, "standard output", kept);
  output.write("a");
  await new Promise((resolve) => setImmediate(resolve));
  const full = output.write("b");
  fail(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  const closed = { code: "CLOSED", message: "cannot write to standard output: write EPIPE" };
  await expect(full).rejects.toMatchObject(closed);
  expect(() => output.write("c")).toThrow(expect.objectContaining(closed));
  await expect(output.finish()).rejects.toMatchObject(closed);
});

test("a file is made; one that exists is refused without force, and with it is emptied when the run begins", async () => {
  const cwd = await folder();
  const around = capturedSurroundings({ cwd });
  const output = await openOutput("out.jsonl", { force: false, input: undefined }, around, calm);
  output.write("1");
  await output.finish();
  expect(await readFile(join(cwd, "out.jsonl"), "utf8")).toBe("1\n");
  await expect(openOutput("out.jsonl", { force: false, input: undefined }, around, calm)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: "the output file out.jsonl exists; --force overwrites it",
  });
  expect(await readFile(join(cwd, "out.jsonl"), "utf8")).toBe("1\n");
  const before = await openOutput("out.jsonl", { force: true, input: undefined }, around, calm);
  await before.discard();
  expect(await readFile(join(cwd, "out.jsonl"), "utf8")).toBe("1\n");
  const again = await openOutput("out.jsonl", { force: true, input: undefined }, around, calm);
  expect(await readFile(join(cwd, "out.jsonl"), "utf8")).toBe("1\n");
  await again.begin();
  expect(await readFile(join(cwd, "out.jsonl"), "utf8")).toBe("");
  again.write("2");
  await again.finish();
  expect(await readFile(join(cwd, "out.jsonl"), "utf8")).toBe("2\n");
});

test("what cannot be an output is refused, the input above all, whatever it is called", async () => {
  const cwd = await folder();
  const around = capturedSurroundings({ cwd });
  await writeFile(join(cwd, "in.jsonl"), "1\n");
  await symlink(join(cwd, "in.jsonl"), join(cwd, "symbolic.jsonl"));
  await link(join(cwd, "in.jsonl"), join(cwd, "hard.jsonl"));
  await symlink(join(cwd, "gone.jsonl"), join(cwd, "dangling.jsonl"));
  const input = await stat(join(cwd, "in.jsonl"), { bigint: true });
  for (const [path, message] of [
    [".", "the output file . is a folder"],
    ["none/out.jsonl", "the output file none/out.jsonl cannot be made: ENOENT"],
    ["in.jsonl", "the output file in.jsonl is the input file"],
    ["symbolic.jsonl", "the output file symbolic.jsonl is the input file"],
    ["dangling.jsonl", "the output file dangling.jsonl is a link to a file that does not exist"],
    ["hard.jsonl", "the output file hard.jsonl is the input file"],
  ] as const)
    await expect(openOutput(path, { force: true, input }, around, calm)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
    });
  expect(await readFile(join(cwd, "in.jsonl"), "utf8")).toBe("1\n");
});

test("a device is there to be written to", async () => {
  const output = await openOutput("/dev/null", { force: false, input: undefined }, capturedSurroundings(), calm);
  output.write("1");
  await output.finish();
});

test("what was made and not used is taken away again", async () => {
  const cwd = await folder();
  const output = await openOutput("out.jsonl", { force: false, input: undefined }, capturedSurroundings({ cwd }), calm);
  await output.discard();
  await expect(stat(join(cwd, "out.jsonl"))).rejects.toThrow("ENOENT");
});
