import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame, OutFrame, TaskInfo } from "../contract/index.ts";
import { MOST_TASKS } from "../contract/index.ts";
import { cpuMs } from "../testing/cpu-time.ts";
import { bytesOf, decodeFrame, isBad } from "./frame.ts";
import { HEADER_BYTES } from "./header.ts";
import { type NewPack, packFrame, packTask, taskFrame } from "./maker.ts";
import { aloneFrame, extractFrame, packOf, tasksOf } from "./pack.ts";
import { codecOf, newTask, noise, profileOf, RUN } from "./testing.ts";

const SENT_AT = 1_700_000_000_000;
const codec = codecOf({ compress: "off" });
const GROUP = undefined;
const pack: NewPack = {
  run: RUN,
  coordinator: "c1",
  priority: 9,
  delayMs: 0,
  waiting: undefined,
  key: "tenant/7",
  sentAt: SENT_AT,
};

interface Own extends Partial<TaskInfo> {
  readonly index: number;
  readonly payload: unknown;
}

function packOfTasks(tasks: readonly Own[], of = codec): OutFrame {
  const shared: TaskInfo = { task: "default" };
  const parts = tasks.map(({ index, payload, ...own }) =>
    packTask(index, payload, Object.keys(own).length === 0 ? shared : { ...shared, ...own }, GROUP),
  );
  return packFrame(pack, parts, of) as OutFrame;
}

function read(bytes: Uint8Array): Frame {
  const frame = decodeFrame(bytes, "default", "high");
  if (isBad(frame)) throw new TypeError(frame.detail);
  return frame;
}

const alone = (task: Frame, of = codec) => aloneFrame(task, of) as Frame;

/** The same task, had it been sent by itself. */
function singleOf({ index, payload, ...own }: Own): Frame {
  const single = newTask({ index, payload, coordinator: "c1", priority: 9, key: "tenant/7", ...own });
  return read((taskFrame(single, codec) as OutFrame).bytes);
}

/** What is said of a frame, and its payloads. */
function saidOf(frame: Frame) {
  const { type, priority, name, lost, first, count, coordinator, queue, lane, key, firstSentAt, death } = frame;
  const tasks = frame.tasks.map((info) => JSON.parse(JSON.stringify(info)) as unknown);
  const counters = { round: frame.round, attempt: frame.attempt, copy: frame.copy, lost };
  const head = { type, priority, name, first, count, coordinator, queue, lane, key, firstSentAt, death };
  return { ...head, ...counters, tasks, payloads: codec.payloads(frame) };
}

const own = fc
  .record({
    task: fc.option(fc.constantFrom("default", "mail", "übung"), { nil: undefined }),
    id: fc.option(fc.string({ maxLength: 300 }), { nil: undefined }),
    deadlineAt: fc.option(fc.nat(2 ** 40), { nil: undefined }),
    headers: fc.option(fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string()), { nil: undefined }),
  })
  .map((info) => Object.fromEntries(Object.entries(info).filter(([, value]) => value !== undefined)));
const tasks = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.jsonValue(), own), { minLength: 2, maxLength: 12 })
  .map((list) => {
    let index = 0;
    return list.map(([step, payload, info]): Own => {
      index += step;
      return { ...info, index, payload };
    });
  });

/** Ms of CPU time; the collector may come in between, so what is slow is measured again. */
function paused(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let go = 0; go < 5 && least > 50; go += 1) {
    const startedAt = cpuMs();
    run();
    least = Math.min(least, cpuMs() - startedAt);
  }
  return least;
}

describe("a pack", () => {
  it("gives each of its tasks back as the frame that it would have been alone: 300 runs", () => {
    fc.assert(
      fc.property(tasks, (list) => {
        const frame = read(packOfTasks(list).bytes);
        const parts = tasksOf(frame);
        expect([frame.count, frame.first, parts.length]).toEqual([list.length, list[0]?.index, list.length]);
        list.forEach((task, position) => {
          const part = parts[position] as Frame;
          const single = saidOf(singleOf(task));
          expect([part.name, part.first, part.count, part.key]).toEqual([single.name, task.index, 1, "tenant/7"]);
          expect(packOf(part)).toBe(frame);
          expect(saidOf(alone(part))).toEqual(single);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("says an index of its own only where they do not follow each other", () => {
    const row = read(packOfTasks([3, 4, 5].map((index) => ({ index, payload: index }))).bytes);
    const gaps = read(packOfTasks([3, 5, 6].map((index) => ({ index, payload: index }))).bytes);
    expect(row.tasks.map(({ index }) => index)).toEqual([undefined, undefined, undefined]);
    expect(gaps.tasks.map(({ index }) => index)).toEqual([3, 5, 6]);
    expect([row, gaps].map((frame) => tasksOf(frame).map(({ first }) => first))).toEqual([[3, 4, 5], [3, 5, 6]]); // biome-ignore format: one line
  });

  it("is called by its first task and their number, its tasks by their own", () => {
    const frame = read(packOfTasks([7, 9].map((index) => ({ index, payload: 0 }))).bytes);
    expect([frame.name, ...tasksOf(frame).map(({ name }) => name)]).toEqual([
      `${RUN}/7+2#0.0~0`,
      `${RUN}/7#0.0~0`,
      `${RUN}/9#0.0~0`,
    ]);
  });

  it("a frame of one task is its own view", () => {
    const single = singleOf({ index: 4, payload: 1 });
    expect(tasksOf(single)).toEqual([single]);
    expect([alone(single), packOf(single)]).toEqual([single, single]);
  });

  it("is compressed as one, and its tasks are read out of that", async () => {
    const gzip = codecOf({ compress: "gzip", compressAboveBytes: 100 });
    const list = [1, 2, 4].map((index) => ({ index, payload: "x".repeat(200 + index) }));
    const out = await packFrame(pack, list.map(({ index, payload }) => packTask(index, payload, { task: "t" }, GROUP)), gzip); // biome-ignore format: one line
    expect(out.bytes.length).toBeLessThan(400);
    const frame = read(out.bytes);
    expect(frame.codecs.length).toBe(2);
    for (const [position, part] of tasksOf(frame).entries()) {
      const made = await aloneFrame(part, gzip);
      expect(await gzip.payloads(made)).toEqual({ values: [list[position]?.payload] });
    }
  });

  it("one of its tasks is found by its index, and no other is", () => {
    const { bytes } = packOfTasks([2, 5, 9].map((index) => ({ index, payload: `p${index}` })));
    const frame = extractFrame(bytes, 5, codec) as Frame;
    expect([frame.name, codec.payloads(frame)]).toEqual([`${RUN}/5#0.0~0`, { values: ["p5"] }]);
    expect(() => extractFrame(bytes, 3, codec)).toThrow("no task 3 in this frame");
  });

  it("takes its payloads as they are when they are added", () => {
    const payload = { list: [1] };
    const task = packTask(0, payload, { task: "default" }, GROUP);
    payload.list.push(2);
    const frame = read((packFrame(pack, [task, task], codec) as OutFrame).bytes);
    expect(codec.payloads(frame)).toEqual({ values: [{ list: [1] }, { list: [1] }] });
  });

  it("refuses what cannot be a payload, a task at a time", () => {
    for (const payload of [() => 1, Symbol("s"), 1n])
      expect(() => packTask(0, payload, { task: "t" }, GROUP)).toThrow(
        expect.objectContaining({ code: "INPUT_INVALID" }),
      );
  });

  it("is never larger than its tasks say together, whatever stands in their headers: 100 runs", () => {
    const texts = fc.string({ unit: "binary", maxLength: 40 });
    const nasty = fc.array(
      fc.record({
        index: fc.nat(0xffff_ffff),
        payload: fc.oneof(texts, fc.constant('\ud800\u0001"ü€😀')),
        headers: fc.dictionary(
          fc.oneof(texts, fc.constant("\u0001\ud800")),
          fc.oneof(texts, fc.constant("\u0000\u001f\udfff".repeat(200))),
        ),
        deadlineAt: fc.nat(2 ** 40),
        id: texts,
      }),
      { minLength: 2, maxLength: 8 },
    );
    fc.assert(
      fc.property(nasty, (list) => {
        const parts = list.map(({ index, payload, ...info }) =>
          packTask(index, payload, { task: "t", ...info }, GROUP),
        );
        const { bytes } = packFrame(pack, parts, codec) as OutFrame;
        expect(bytes.length).toBeLessThanOrEqual(2_048 + parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
      }),
      { numRuns: 100 },
    );
  });

  it("throws TOO_LARGE where the broker does not take it: nothing of it goes into a blob store", () => {
    const small = codecOf({ profile: profileOf(8_192), compress: "off" });
    const parts = [0, 1].map((index) => packTask(index, noise(6_000), { task: "t" }, GROUP));
    expect(() => packFrame(pack, parts, small)).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });

  it("of the most tasks is taken apart without a pause, all of them or one by one", () => {
    const payload = "x".repeat(200);
    const out = packOfTasks(Array.from({ length: MOST_TASKS }, (_, index) => ({ index: 2 * index, payload })));
    const parts = () => tasksOf(read(out.bytes));
    const all = (task: (part: Frame) => unknown) => () => {
      for (const part of parts()) task(part);
    };
    expect(paused(all((part) => alone(part)))).toBeLessThan(50);
    expect(paused(all(({ first }) => extractFrame(out.bytes, first, codec)))).toBeLessThan(50);
  });
});

describe("forged packs", () => {
  const forge = (count: number, extension: Buffer, body: string) => {
    const head = Buffer.from(bytesOf(singleOf({ index: 7, payload: 0 })).subarray(0, HEADER_BYTES));
    head.writeUInt16BE(count, 23);
    head.writeUIntBE(extension.length, 25, 3);
    return Buffer.concat([head, extension, Buffer.from(body)]);
  };
  const filled = (unit: readonly number[], bytes: number) => Buffer.alloc(bytes, Buffer.from(unit));

  it("with a payload less than tasks: refused as it is, and by each of its tasks", () => {
    const frame = read(forge(3, Buffer.alloc(0), "[1,2]"));
    expect(codec.payloads(frame)).toMatchObject({ bad: "FRAME_INVALID" });
    expect(tasksOf(frame).map(({ first }) => first)).toEqual([7, 8, 9]);
    for (const part of tasksOf(frame)) expect(() => alone(part)).toThrow(expect.objectContaining({ code: "FRAME_INVALID" })); // biome-ignore format: one line
  });

  it("with an index twice, or one that is no index", () => {
    const twice = Buffer.from([0x94, 0, 0, 4, 0, 0, 0, 9, 0x94, 0, 1, 4, 0, 0, 0, 9]);
    const frame = read(forge(2, twice, '["a","b"]'));
    expect(tasksOf(frame).map(({ first }) => first)).toEqual([9, 9]);
    expect(tasksOf(frame).map((part) => codec.payloads(alone(part)))).toEqual([{ values: ["a"] }, { values: ["b"] }]);
    expect(decodeFrame(forge(2, Buffer.from([0x94, 0, 0, 2, 0, 9]), "[1,2]"), "q", "l")).toMatchObject({
      bad: "FRAME_INVALID",
    });
  });

  it("of more tasks than a pack may have", () => {
    expect(decodeFrame(forge(MOST_TASKS + 1, Buffer.alloc(0), "[]"), "q", "l")).toMatchObject({ bad: "FRAME_INVALID" });
  });

  it("whose last index is beyond what a header holds", () => {
    const single = bytesOf(singleOf({ index: 0xffff_ffff, payload: 0 }));
    const head = Buffer.from(single.subarray(0, HEADER_BYTES));
    head.writeUInt16BE(2, 23);
    head.writeUIntBE(0, 25, 3);
    const bytes = Buffer.concat([head, Buffer.from("[1,2]")]);
    expect(decodeFrame(bytes, "q", "l")).toMatchObject({ bad: "FRAME_INVALID" });
    head.writeUInt32BE(0xffff_fffe, 19);
    const last = tasksOf(read(Buffer.concat([head, Buffer.from("[1,2]")])))[1] as Frame;
    expect(alone(last).first).toBe(0xffff_ffff);
  });

  const LARGE = 0xff_ffff;
  const MOST = 524_288;
  it.each<[string, Buffer]>([
    ["of unknown fields", filled([0x3f, 0], LARGE)],
    ["of one field of each task", filled([0x90, 0, 1, 0], LARGE)],
    ["of headers", filled([0x93, 0, 2, 2, 0x7b, 0x7d], LARGE)],
    ["of times", filled([0x92, 0, 3, 6, 0, 0, 0, 0, 0, 0], LARGE)],
    ["of one large set of headers", large(0x13, `{${Array.from({ length: 700_000 }, (_, n) => `"k${n}":"v"`)}}`)],
    ["of one large name of a task", large(0x10, "x".repeat(LARGE - 6))],
  ])("with an extension of 16 MB %s: no pause", (_, extension) => {
    const bytes = forge(MOST_TASKS, extension, `[${Array(MOST_TASKS).fill(0)}]`);
    const read = () => {
      const frame = decodeFrame(bytes, "q", "l");
      if (!isBad(frame)) for (const part of tasksOf(frame)) void part.name;
    };
    expect(paused(read)).toBeLessThan(50);
    expect(decodeFrame(bytes, "q", "l")).toMatchObject({ bad: "FRAME_INVALID" });
  });

  it.each<[string, Buffer]>([
    ["of unknown fields", filled([0x3f, 0], MOST)],
    ["of one field of each task", filled([0x90, 0, 1, 0], MOST)],
    ["of headers", filled([0x93, 0, 2, 2, 0x7b, 0x7d], MOST - 2)],
    ["of large headers of several tasks", largeHeaders()],
    ["of one large set of headers", large(0x13, `{${Array.from({ length: 16_000 }, (_, n) => `"k${n}":"v"`)}}`)],
  ])("with an extension just short of the limit %s: no pause", (_, extension) => {
    const bytes = forge(MOST_TASKS, extension, `[${Array(MOST_TASKS).fill(0)}]`);
    expect(paused(() => void decodeFrame(bytes, "q", "l"))).toBeLessThan(50);
  });

  function largeHeaders(): Buffer {
    const one = (task: number) => {
      const value = Buffer.from(`{${Array.from({ length: 8_000 }, (_, n) => `"k${task}${n}":"v"`)}}`);
      const head = Buffer.from([0x93, 0, task, 255, 0, 0, 0, 0]);
      head.writeUInt32BE(value.length, 4);
      return Buffer.concat([head, value]);
    };
    return Buffer.concat([one(1), one(2)]);
  }

  function large(tag: number, text: string): Buffer {
    const value = Buffer.from(text);
    const head = Buffer.from([tag, 255, 0, 0, 0, 0]);
    head.writeUInt32BE(value.length, 2);
    return Buffer.concat([head, value]);
  }

  it("of any bytes: no throw, and no task without a name", { timeout: 30_000 }, () => {
    const bytes = (most: number) => fc.uint8Array({ maxLength: most });
    const framed = fc.tuple(fc.integer({ min: 2, max: 40 }), bytes(200), bytes(60));
    fc.assert(
      fc.property(framed, ([count, extension, body]) => {
        const frame = decodeFrame(forge(count, Buffer.from(extension), Buffer.from(body).toString("latin1")), "q", "l");
        if (isBad(frame)) return;
        expect(tasksOf(frame)).toHaveLength(count);
        for (const part of tasksOf(frame)) {
          expect(part.name).toMatch(/^[\w-]{11}\/\d+#\d+\.\d+~\d+$/);
          try {
            alone(part);
          } catch (error) {
            expect(error).toMatchObject({ code: "FRAME_INVALID" });
          }
        }
      }),
      { numRuns: 4_000 },
    );
  });
});
