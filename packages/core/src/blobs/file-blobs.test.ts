import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../../tooling/temporary-folder.ts";
import { VirtualClock } from "../clock.ts";
import { writeBlob } from "./blob-file.ts";
import { fileBlobs } from "./file-blobs.ts";
import { Sweep } from "./sweep.ts";
import { blobCases, KEY, keyOf, never, OTHER } from "./testing.ts";

let folder: string;
let clock: VirtualClock;

beforeEach(async () => {
  folder = await temporaryFolder("dispatch-blobs");
  clock = new VirtualClock();
});

it.each(blobCases)("a blob store $name", ({ run }) => run({ clock, store: fileBlobs(folder, { clock }) }));

const files = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
const put = (key: string, bytes = Buffer.from("x"), expiresAfterMs = 1_000) =>
  fileBlobs(folder, { clock }).put(key, bytes, { expiresAfterMs }, never);

describe("the file store", () => {
  it("lays blobs into 256 folders, made when they are needed", async () => {
    await rm(folder, { recursive: true });
    await put(KEY);
    await put(OTHER);
    expect((await readdir(folder)).sort()).toEqual(["00", "ff"]);
    expect(await files()).toEqual([KEY, OTHER]);
  });

  it("is the same for every process that has the folder, also later", async () => {
    await put(KEY, Buffer.from("abc"));
    const got = await fileBlobs(folder, { clock }).get(KEY, never);
    expect(Buffer.from(got as Uint8Array).toString()).toBe("abc");
  });

  it("leaves nothing unfinished behind, whether a write succeeds or not", async () => {
    await Promise.all(Array.from({ length: 20 }, () => put(KEY, Buffer.alloc(50_000, "a"))));
    expect(await files()).toEqual([KEY]);
    await mkdir(join(folder, "ff", OTHER), { recursive: true });
    await writeFile(join(folder, "ff", OTHER, "in the way"), "");
    await expect(put(OTHER)).rejects.toThrow();
    expect(await files()).toEqual([KEY, "in the way"]);
  });

  it("never shows a blob that is half written", async () => {
    const bytes = Buffer.alloc(2_000_000, "b");
    const store = fileBlobs(folder, { clock });
    let writing = true;
    const written = Promise.all(Array.from({ length: 5 }, () => put(KEY, bytes))).finally(() => {
      writing = false;
    });
    const seen = new Set<number | undefined>();
    while (writing) seen.add((await store.get(KEY, never))?.length);
    await written;
    seen.delete(undefined);
    expect([...seen]).toEqual([bytes.length]);
  });

  it.each([
    ["empty", ""],
    ["short", "abc"],
    ["another program's", "some text that is no blob at all"],
  ])("takes a file that is %s for a blob that is gone", async (_, content) => {
    await mkdir(join(folder, "00"));
    await writeFile(join(folder, "00", KEY), content);
    expect(await fileBlobs(folder, { clock }).get(KEY, never)).toBeUndefined();
  });

  it("throws the system's own error where the folder cannot be used", async () => {
    await writeFile(join(folder, "file"), "");
    const store = fileBlobs(join(folder, "file"), { clock });
    await expect(store.put(KEY, Buffer.from("x"), { expiresAfterMs: 1 }, never)).rejects.toMatchObject({
      code: expect.stringMatching(/^E/),
    });
    await expect(store.get(KEY, never)).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it.each<[unknown, unknown]>([
    ["", {}],
    [undefined, {}],
    [7, {}],
    ["x", { clok: 1 }],
    ["x", { clock: {} }],
  ])("refuses the folder %j with %j", (where, options) => {
    expect(() => fileBlobs(where as string, options as never)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });
});

describe("the sweep", () => {
  const path = (number: number) => join(folder, "00", keyOf(number));
  const make = (number: number, expiresAt: number) => writeBlob(path(number), Buffer.from("x"), expiresAt);

  it("removes what has expired, eight files a step, and nothing else", async () => {
    const wallMs = clock.wall();
    await Promise.all(Array.from({ length: 20 }, (_, number) => make(number, wallMs + (number % 2 === 0 ? 0 : 1))));
    await writeFile(join(folder, "00", "notes.txt"), "not ours");
    const sweep = new Sweep(folder, 0);
    const left: number[] = [];
    for (let steps = 0; steps < 3; steps += 1) {
      await sweep.step(wallMs);
      left.push((await files()).length);
    }
    expect(left).toEqual([17, 13, 11]);
    expect(await readFile(join(folder, "00", "notes.txt"), "utf8")).toBe("not ours");
  });

  it("goes round over all folders, also over those that are not there", async () => {
    await make(1, 0);
    const sweep = new Sweep(folder, 1);
    for (let steps = 0; steps < 255; steps += 1) await sweep.step(1);
    expect(await files()).toHaveLength(1);
    await sweep.step(1);
    expect(await files()).toEqual([]);
  });

  it("removes what was begun an hour ago and never finished, and leaves what is being written", async () => {
    const wallMs = clock.wall();
    await mkdir(join(folder, "00"));
    const parts = [join(folder, "00", `${KEY}.abc.part`), join(folder, "00", `${KEY}.def.part`)] as const;
    for (const part of parts) await writeFile(part, "");
    await utimes(parts[0], new Date(wallMs - 3_600_000), new Date(wallMs - 3_600_000));
    await utimes(parts[1], new Date(wallMs - 3_599_000), new Date(wallMs - 3_599_000));
    await new Sweep(folder, 0).step(wallMs);
    expect(await files()).toEqual([`${KEY}.def.part`]);
  });

  it("may be done by many at once, while others put and remove", async () => {
    await Promise.all(Array.from({ length: 40 }, (_, number) => make(number, 0)));
    const sweeps = Array.from({ length: 4 }, () => new Sweep(folder, 0));
    for (let steps = 0; steps < 6; steps += 1) {
      await Promise.all([...sweeps.map((sweep) => sweep.step(1)), rm(path(steps), { force: true }), put(keyOf(steps))]);
    }
    const now = clock.wall();
    for (const name of await files()) expect((await stat(join(folder, "00", name))).size).toBe(9);
    expect(now).toBe(clock.wall());
  });

  it("is a part of each put: what expired goes as others come", async () => {
    const store = fileBlobs(folder, { clock });
    await store.put(keyOf(1), Buffer.from("x"), { expiresAfterMs: 1_000 }, never);
    await clock.advance(1_000);
    for (let number = 0; number < 256; number += 1)
      await store.put(
        `${number.toString(16).padStart(2, "0")}${OTHER.slice(2)}`,
        Buffer.from("y"),
        { expiresAfterMs: 1_000 },
        never,
      );
    const names = await files();
    expect([names.length, names.includes(keyOf(1))]).toEqual([256, false]);
  });
});
