import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { folders } from "./corpus.ts";
import { inputsOf, parseInputs, relationInputs } from "./inputs.ts";

const suite = dirname(createRequire(import.meta.url).resolve("test262-parser-tests/package.json"));

describe("parse inputs", () => {
  const all = [...parseInputs()];

  test("every file of the suite is one payload, folder after folder", () => {
    expect(all).toHaveLength(5_361);
    const perFolder = folders.map((folder) => all.filter((one) => one.folder === folder).length);
    expect(perFolder).toEqual([1_981, 1_981, 731, 668]);
    expect([...new Set(all.map((one) => one.folder))]).toEqual(folders);
    expect(new Set(all.map((one) => `${one.folder}/${one.file}`)).size).toBe(5_361);
  });

  test("the order is that of the code units of the names, and the same each time", () => {
    for (const folder of folders) {
      const files = all.filter((one) => one.folder === folder).map((one) => one.file);
      expect(files).toEqual(files.toSorted());
    }
    expect([...parseInputs()]).toEqual(all);
  });

  test("modules are the files called *.module.js, and the two pass folders are to be accepted", () => {
    for (const one of all) {
      expect(one.goal).toBe(one.file.endsWith(".module.js") ? "module" : "script");
      expect(one.expected).toBe(one.folder.startsWith("pass") ? "accept" : "reject");
    }
    expect(new Set(all.map((one) => one.goal))).toEqual(new Set(["script", "module"]));
  });

  test("the source is the file byte for byte, through JSON too", () => {
    for (const one of all) {
      const bytes = readFileSync(join(suite, one.folder, one.file));
      const crossed: { source: string } = JSON.parse(JSON.stringify(one));
      expect(crossed.source).toBe(one.source);
      expect(Buffer.from(crossed.source, "utf8").equals(bytes), `${one.folder}/${one.file}`).toBe(true);
    }
  });

  test.each([
    ["CRLF", "\r\n"],
    ["a line separator", "\u2028"],
    ["a byte order mark", "\ufeff"],
  ])("the suite has %s in a source, so that the test above says something", (_, text) => {
    expect(all.some((one) => one.source.includes(text))).toBe(true);
  });

  test("a payload has these keys, and slowMs only where asked", () => {
    const [first] = parseInputs();
    expect(Object.keys(first ?? {}).sort()).toEqual(["expected", "file", "folder", "goal", "source"]);
    const [slow] = parseInputs({ slowMs: 20 });
    expect(slow).toEqual({ ...first, slowMs: 20 });
    const [quick] = parseInputs({ slowMs: 0 });
    expect(quick).toEqual(first);
  });

  test("repeat gives the whole list again, in the same order", () => {
    const fail = [...parseInputs({ folders: ["fail"] })];
    expect(fail).toHaveLength(731);
    expect([...parseInputs({ folders: ["fail"], repeat: 3 })]).toEqual([...fail, ...fail, ...fail]);
  });

  test("folders are taken in their own order, each once", () => {
    const some = [...parseInputs({ folders: ["early", "fail", "early"] })];
    expect(some).toEqual(all.filter((one) => one.folder === "fail" || one.folder === "early"));
  });
});

describe("relation inputs", () => {
  test("each file of pass comes with its twin", () => {
    const relations = [...relationInputs()];
    expect(relations).toHaveLength(1_981);
    const sources = new Map([...parseInputs()].map((one) => [`${one.folder}/${one.file}`, one.source]));
    for (const { file, goal, source, twin } of relations) {
      expect(goal).toBe(file.endsWith(".module.js") ? "module" : "script");
      expect(source).toBe(sources.get(`pass/${file}`));
      expect(twin).toBe(sources.get(`pass-explicit/${file}`));
    }
  });

  test("there are none without the folder pass", () => {
    expect([...relationInputs({ folders: ["fail", "pass-explicit"] })]).toEqual([]);
  });

  test("all is the files first, then the relations", () => {
    const options = { folders: ["pass"], repeat: 2, slowMs: 1 } as const;
    expect([...inputsOf("all", options)]).toEqual([...parseInputs(options), ...relationInputs(options)]);
    expect([...inputsOf("all")]).toHaveLength(5_361 + 1_981);
    expect([...inputsOf("relation")]).toHaveLength(1_981);
    expect([...inputsOf("parse")]).toHaveLength(5_361);
  });
});
