import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { Input } from "@org/dispatch-core";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { openInput, sourceOf } from "./input-lines.ts";

async function readAll(bytes: Buffer | string, chunkBytes = 64 * 1024, envelope = false): Promise<unknown[]> {
  const all = Buffer.from(bytes);
  const chunks: Buffer[] = [];
  for (let at = 0; at < all.length; at += chunkBytes) chunks.push(all.subarray(at, at + chunkBytes));
  const source = sourceOf(Readable.from(chunks), "input", { envelope });
  const read: unknown[] = [];
  for await (const each of source.inputs) read.push(each instanceof Input ? (each.invalid ?? each) : each);
  expect(source.failure).toBeUndefined();
  return read;
}

test.each([1, 3, 64])(
  "JSON lines, with blank lines, CRLF and no last line break (chunks of %d bytes)",
  async (chunkBytes) => {
    expect(await readAll('{"a":1}\r\n\r\n"b"\n\n[3]\nnull', chunkBytes)).toEqual([{ a: 1 }, "b", [3], null]);
  },
);

test.each([1, 2, 3, 64])("a byte order mark is no part of the input (chunks of %d bytes)", async (chunkBytes) => {
  expect(await readAll('\uFEFF{"a":1}\n2\n', chunkBytes)).toEqual([{ a: 1 }, 2]);
  expect(await readAll("\uFEFF[1,2]", chunkBytes)).toEqual([1, 2]);
});

test("one JSON array, on one line or on many", async () => {
  expect(await readAll('[{"a":1},"b",[3],null]')).toEqual([{ a: 1 }, "b", [3], null]);
  expect(await readAll('[\n  {"a": 1},\n  "b"\n]\n')).toEqual([{ a: 1 }, "b"]);
  expect(await readAll("[]")).toEqual([]);
});

test("lines that are arrays are not one array", async () => {
  expect(await readAll("[1,2]\n[3,4]\n")).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test("a malformed line is an input that says where and why; the others go on", async () => {
  const read = await readAll(
    Buffer.concat([Buffer.from('1\n\nnot json\n"\t"\n'), Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from("5\n")]),
  );
  expect(read).toEqual([
    1,
    expect.stringMatching(/^line 3: .*not valid JSON$/),
    expect.stringMatching(/^line 4: Bad control character/),
    "line 5: not valid UTF-8",
    5,
  ]);
});

test("a malformed element of an array has its line too", async () => {
  expect(await readAll("[\n1,\nx,\n3\n]")).toEqual([1, expect.stringMatching(/^line 3: Unexpected token/), 3]);
  expect(await readAll("[1,\n2")).toEqual([1, "line 2: the JSON array is not closed"]);
});

test("a depth that the parser cannot follow is malformed, not fatal", async () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const read = await readAll(`{"a":1}\n${deep}\n2\n`);
  expect(read).toHaveLength(3);
  expect(read[2]).toBe(2);
});

test("keys that JavaScript knows are plain keys", async () => {
  const [read] = await readAll('{"__proto__":{"polluted":true},"constructor":1}\n');
  expect(Object.keys(read as object)).toEqual(["__proto__", "constructor"]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test("envelopes", async () => {
  const [first, second] = await readAll('{"payload":1,"priority":9}\n{"payload":1,"priority":99}\n', 5, true);
  expect(first).toMatchObject({ payload: 1, options: { priority: 9 } });
  expect(second).toMatch(/^line 2: priority of the envelope/);
});

test("100,000 elements of one array are read one by one, a chunk ahead at most", async () => {
  let produced = 0;
  function* chunks(): Generator<Buffer> {
    for (let element = 0; element < 100_000; element += 1) {
      produced += 1;
      yield Buffer.from(`${element === 0 ? "[" : ","}{"n":${element}}`);
    }
    yield Buffer.from("]");
  }
  const source = sourceOf(Readable.from(chunks(), { objectMode: false, highWaterMark: 16 * 1024 }), "input", {
    envelope: false,
  });
  let taken = 0;
  let furthestAhead = 0;
  for await (const each of source.inputs) {
    expect((each as { n: number }).n).toBe(taken);
    taken += 1;
    // The first megabyte is looked at to settle the shape.
    if (taken > 90_000) furthestAhead = Math.max(furthestAhead, produced - taken);
  }
  expect(taken).toBe(100_000);
  expect(furthestAhead).toBeLessThan(5_000);
});

test("reading that fails ends the input and says why", async () => {
  const stream = new PassThrough();
  const source = sourceOf(stream, "data.jsonl", { envelope: false });
  stream.write("1\n2\n");
  const read: unknown[] = [];
  for await (const each of source.inputs) {
    read.push(each);
    if (read.length === 2) stream.destroy(new Error("EIO: i/o error"));
  }
  expect(read).toEqual([1, 2]);
  expect(source.failure).toMatchObject({ code: "INPUT_INVALID", message: "reading data.jsonl failed: EIO: i/o error" });
});

test("close ends an input from which nothing comes, without a failure", async () => {
  const source = sourceOf(new PassThrough(), "standard input", { envelope: false });
  const next = source.inputs[Symbol.asyncIterator]().next();
  source.close();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(source.failure).toBeUndefined();
});

test("files are found from the working folder; what cannot be read is refused", async () => {
  const cwd = await temporaryFolder("dispatch-input");
  await writeFile(join(cwd, "in.jsonl"), "1\n2\n");
  const around = { cwd, stdin: Readable.from([Buffer.from("3\n")]) };
  for (const [path, expected] of [
    ["in.jsonl", [1, 2]],
    ["-", [3]],
  ] as const) {
    const read: unknown[] = [];
    for await (const each of (await openInput(path, { envelope: false }, around)).inputs) read.push(each);
    expect(read).toEqual(expected);
  }
  for (const [path, message] of [
    ["none.jsonl", "the input file none.jsonl cannot be opened: ENOENT"],
    [".", "the input file . is a folder"],
  ] as const)
    await expect(openInput(path, { envelope: false }, around)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
    });
});
