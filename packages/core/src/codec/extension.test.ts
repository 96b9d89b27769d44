import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeathNote } from "../contract/index.ts";
import { cpuMs } from "../testing/cpu-time.ts";
import { DEFAULT_TASK, decodeExtension, type Extension, encodeExtension, readExtension } from "./extension.ts";
import { decodeFrame } from "./frame.ts";
import { HEADER_BYTES } from "./header.ts";
import { taskFrame } from "./maker.ts";

const death: DeathNote = {
  reason: "REJECTED",
  error: { name: "TypeError", message: "no", code: "REJECTED", cause: "E_OWN", stack: "at x" },
  attempts: 3,
  lost: 1,
  firstSentAt: 1_700_000_000_000,
  diedAt: 1_700_000_001_000,
};
const task = { task: DEFAULT_TASK };
const again = (extension: Extension) => decodeExtension(encodeExtension(extension), extension.tasks.length);

describe("an extension comes back as it was", () => {
  it.each<[string, Partial<Extension>]>([
    ["nothing", {}],
    ["time", { firstSentAt: 1_700_000_000_000 }],
    ["coordinator", { coordinator: "c-1" }],
    ["queue", { queue: "mails" }],
    ["lane", { lane: "high" }],
    ["key", { key: "tenant/7" }],
    ["death", { death }],
    ["task name", { tasks: [{ task: "render" }] }],
    ["id", { tasks: [{ ...task, id: "order 17" }] }],
    ["deadline", { tasks: [{ ...task, deadlineAt: 1_700_000_009_999 }] }],
    ["headers", { tasks: [{ ...task, headers: { trace: "a", "": "empty key", empty: "" } }] }],
    ["no task", { tasks: [] }],
    ["a pack", { tasks: [{ task: "a", id: "1" }, task, { task: "c", deadlineAt: 5, headers: { x: "y" } }] }],
    [
      "everything",
      { firstSentAt: 1, coordinator: "c", queue: "q", lane: "l", key: "k", death, tasks: [{ task: "t" }] },
    ],
  ])("with %s", (_, part) => {
    const extension: Extension = { firstSentAt: 0, tasks: [task], ...part };
    expect(again(extension)).toEqual(extension);
  });

  it.each([0, 1, 254, 255, 256, 65_535, 65_536])("with a text of %d bytes", (bytes) => {
    expect(again({ firstSentAt: 0, key: "k".repeat(bytes), tasks: [task] }).key).toHaveLength(bytes);
  });

  it.each([
    [0, 0],
    [1.9, 1],
    [-5, 0],
    [2 ** 48 - 1, 2 ** 48 - 1],
    [Number.MAX_SAFE_INTEGER, 2 ** 48 - 1],
  ])("with the time %d as %d", (wallMs, read) => {
    expect(again({ firstSentAt: wallMs, tasks: [{ ...task, deadlineAt: wallMs }] })).toEqual({
      firstSentAt: read,
      tasks: [{ ...task, deadlineAt: read }],
    });
  });

  it("with any texts", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 300 });
    const headers = fc.dictionary(fc.string(), fc.string());
    const info = fc.record({ task: text, id: text, headers, deadlineAt: fc.nat() }, { requiredKeys: ["task"] });
    const extension = fc.record(
      { firstSentAt: fc.nat(), coordinator: text, queue: text, lane: text, key: text, tasks: fc.array(info) },
      { requiredKeys: ["firstSentAt", "tasks"] },
    );
    const comesBack = fc.property(extension, (one) => {
      expect(plain(again(one))).toEqual(plain(one));
    });
    fc.assert(comesBack, { numRuns: 500 });
  });
});

describe("the tasks of a pack", () => {
  const of = (tasks: Extension["tasks"]) => encodeExtension({ firstSentAt: 1, tasks });
  const one = of([{ task: "render", deadlineAt: 7 }]).length;

  it("say once what all of them have, however many they are", () => {
    const shared = { task: "render", deadlineAt: 7 };
    expect(of(Array(1_000).fill(shared)).length).toBe(one);
    const equal = Array.from({ length: 1_000 }, () => ({ ...shared }));
    expect(of(equal).length).toBe(one);
    const headers = { trace: "abc" };
    const alone = of([{ ...shared, headers }]).length;
    expect(of(equal.map((info) => ({ ...info, headers }))).length).toBe(alone);
  });

  it("say each for itself what differs, and nothing for those that have nothing", () => {
    const tasks = [{ task: "render" }, { task: "render", id: "a" }, { task: "render" }, { task: "mail", id: "b" }];
    expect(decodeExtension(of(tasks), 4).tasks).toEqual(tasks);
    const plainOnes = of(Array(4).fill({ task: "render" })).length;
    expect(of(tasks.slice(0, 3)).length).toBe(plainOnes + 5);
  });

  it("are one object where none has anything of its own, also when they are read", () => {
    const { tasks } = decodeExtension(of(Array(3).fill({ task: "render" })), 3);
    expect(tasks).toHaveLength(3);
    expect([tasks[1] === tasks[0], tasks[2] === tasks[0]]).toEqual([true, true]);
    const mixed = decodeExtension(of([{ task: "a" }, { task: "a", id: "x" }, { task: "a" }]), 3).tasks;
    expect([mixed[2] === mixed[0], mixed[1] === mixed[0]]).toEqual([true, false]);
  });

  it("a pack is not taken for the single frame before it, nor for another pack: their extensions are remembered", () => {
    const common = { firstSentAt: 5, coordinator: "c1" };
    const shared = { task: "render" };
    const single = encodeExtension({ ...common, tasks: [shared] });
    const pack = encodeExtension({ ...common, tasks: [shared, { ...shared, id: "x" }] });
    expect(encodeExtension({ ...common, tasks: [shared, shared] })).toEqual(single);
    expect(pack).not.toEqual(single);
    expect(encodeExtension({ ...common, tasks: [{ ...shared, index: 3 }, shared] })).not.toEqual(single);
    expect(readExtension(single, 0, single.length, 2).tasks).toHaveLength(2);
    expect(readExtension(single, 0, single.length, 1).tasks).toHaveLength(1);
    expect(readExtension(single, 0, single.length, 3).tasks).toHaveLength(3);
  });

  it.each([0, 1, 200, 239, 240, 241, 242, 243, 300])(
    "one that has headers of %d characters besides is read as if there had been none before it, and so is the next",
    (length) => {
      const common = { firstSentAt: 5, coordinator: "c1" };
      const info = { task: "render", deadlineAt: 9 };
      const without = encodeExtension({ ...common, tasks: [info] });
      const traced = encodeExtension({ ...common, tasks: [{ ...info, headers: { x: "y".repeat(length) } }] });
      const read = (bytes: Buffer) => readExtension(bytes, 0, bytes.length, 1);
      const known = read(without);
      expect(read(traced)).toEqual(decodeExtension(traced, 1));
      expect(plain(read(traced))).toEqual({ ...common, tasks: [{ ...info, headers: { x: "y".repeat(length) } }] });
      expect(read(without)).toEqual(known);
      expect(encodeExtension({ ...common, tasks: [info] })).toEqual(without);
    },
  );

  it("what follows the one before it and is no headers, or damaged ones, is read as it is", () => {
    const without = encodeExtension({ firstSentAt: 5, coordinator: "c1", tasks: [{ task: "render" }] });
    const read = (...more: number[]) => {
      readExtension(without, 0, without.length, 1);
      const bytes = Buffer.concat([without, Buffer.from(more)]);
      return readExtension(bytes, 0, bytes.length, 1);
    };
    expect(read(17, 1, 0x78).tasks).toEqual([{ task: "render", id: "x" }]);
    expect(read(19, 2, 0x7b, 0x7d, 17, 1, 0x78).tasks).toEqual([{ task: "render", headers: {}, id: "x" }]);
    expect(() => read(19, 9, 0x7b, 0x7d)).toThrow("runs past the end");
    expect(() => read(19, 1, 0x7b)).toThrow(SyntaxError);
  });
});

/** Headers come back without a prototype, on purpose. */
function plain(extension: Extension): unknown {
  return JSON.parse(JSON.stringify(extension)) as unknown;
}

describe("what is not known", () => {
  const known = encodeExtension({ firstSentAt: 9, key: "k", tasks: [task] });
  const short = Buffer.from([0x6f, 2, 1, 2]);
  const long = Buffer.concat([Buffer.from([0x7f, 255, 0, 0, 1, 0]), Buffer.alloc(256)]);
  const ofOneTask = Buffer.from([0xff, 0, 0, 1, 42]);
  it.each<[string, Buffer[]]>([
    ["before", [short, long, ofOneTask, known]],
    ["after", [known, short, long, ofOneTask]],
  ])("is skipped, %s what is", (_, parts) => {
    expect(decodeExtension(Buffer.concat(parts), 1)).toEqual({ firstSentAt: 9, key: "k", tasks: [task] });
  });

  it("is a task beyond the count, too", () => {
    const pack = encodeExtension({ firstSentAt: 0, tasks: [{ task: "a" }, { task: "b" }] });
    expect(decodeExtension(pack, 1).tasks).toEqual([{ task: "a" }]);
  });
});

describe("what is damaged", () => {
  const whole = encodeExtension({
    firstSentAt: 1,
    coordinator: "c",
    key: "k".repeat(300),
    death,
    tasks: [
      { task: "a", headers: { x: "y" } },
      { task: "b", deadlineAt: 4 },
    ],
  });

  it("is a RangeError or a SyntaxError at whatever byte it is cut", () => {
    const names = new Set<string>();
    for (let length = 0; length < whole.length; length += 1) {
      try {
        decodeExtension(whole.subarray(0, length), 2);
        names.add("read");
      } catch (error) {
        names.add((error as Error).name);
      }
    }
    expect([...names].sort()).toEqual(["RangeError", "read"]);
  });

  it.each<[string, number[], string]>([
    ["a time of five bytes", [1, 5, 0, 0, 0, 0, 0], "a time is not six bytes long"],
    ["a length past the end", [5, 9, 65], "a field runs past the end of the extension"],
    ["a long length past the end", [5, 255, 255, 255, 255, 255, 65], "a field runs past the end of the extension"],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeExtension(Buffer.from(bytes), 1)).toThrow(new RangeError(message));
  });

  it.each<[string, number, string]>([
    ["headers", 19, "[["],
    ["headers", 19, "null"],
    ["headers", 19, '"text"'],
    ["death", 6, "7"],
    ["death", 6, "{"],
  ])("%s of tag %d that say %s", (_, tag, json) => {
    const bytes = Buffer.concat([Buffer.from([tag, json.length]), Buffer.from(json)]);
    expect(() => decodeExtension(bytes, 1)).toThrow(SyntaxError);
  });
});

describe("what is forged", () => {
  const read = (tag: number, json: string) =>
    decodeExtension(Buffer.concat([Buffer.from([tag, json.length]), Buffer.from(json)]), 1);

  it("headers: only texts, and no key means anything", () => {
    const headers = read(19, '{"__proto__":"p","constructor":"c","number":1,"list":["x"],"toString":"t"}').tasks[0]
      ?.headers;
    expect(Object.entries(headers ?? {})).toEqual([
      ["__proto__", "p"],
      ["constructor", "c"],
      ["toString", "t"],
    ]);
    expect(Object.getPrototypeOf(headers)).toBeNull();
    expect(({} as Record<string, unknown>).p).toBeUndefined();
  });

  it("the times of a death note are whole milliseconds, as all of a frame's", () => {
    const note = { ...death, firstSentAt: 1_700_000_000_000.25, diedAt: 1_700_000_000_900.875 };
    const bytes = encodeExtension({ firstSentAt: 1, death: note, tasks: [{ task: "t" }] });
    expect(decodeExtension(bytes, 1).death).toEqual({
      ...death,
      firstSentAt: 1_700_000_000_000,
      diedAt: 1_700_000_000_900,
    });
  });

  it("a death note has the right shape, whatever stands in it", () => {
    expect(read(6, '{"reason":5,"error":[1],"attempts":"many","lost":null,"extra":{}}').death).toEqual({
      reason: "FRAME_INVALID",
      error: { name: "Error", message: "", code: "REJECTED" },
      attempts: 0,
      lost: 0,
      firstSentAt: 0,
      diedAt: 0,
    });
    expect(read(6, "[]").death?.reason).toBe("FRAME_INVALID");
  });

  it.each([
    ["names", Buffer.from([16, 0])],
    ["headers", Buffer.from([19, 2, 0x7b, 0x7d])],
  ])("a small frame that claims many tasks costs no more than its bytes: %s", (_, field) => {
    const sent = taskFrame({
      run: "AAAAAAAAAAA",
      index: 0,
      task: "t",
      payload: 1,
      coordinator: undefined,
      priority: 5,
      delayMs: 0,
      key: undefined,
      id: undefined,
      headers: undefined,
      deadlineAt: undefined,
      sentAt: 0,
    });
    const fields = Buffer.concat(Array.from({ length: 200 }, () => field));
    const head = Buffer.from(sent.bytes.subarray(0, HEADER_BYTES));
    head.writeUInt16BE(65_535, 23);
    head.writeUIntBE(fields.length, 25, 3);
    const startedAt = cpuMs();
    decodeFrame(Buffer.concat([head, fields]), "q", "normal");
    expect(cpuMs() - startedAt).toBeLessThan(50);
  });
});
