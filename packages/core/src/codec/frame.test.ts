import { describe, expect, it } from "vitest";
import type { Frame } from "../contract/index.ts";
import { bytesOf, copyBytes, decodeFrame, encodeFrame, type FrameParts, frameName, isBad, rewrite } from "./frame.ts";
import { at, HEADER_BYTES } from "./header.ts";

const RUN = "q83vASNFZ4k";
const parts: FrameParts = {
  type: "task",
  priority: 7,
  run: RUN,
  first: 4_000_000_000,
  count: 1,
  round: 2,
  attempt: 3,
  copy: 4,
  lost: 1,
  extension: { firstSentAt: 1_700_000_000_000, tasks: [{ task: "render" }] },
  body: '["ü"]',
};

function decoded(bytes: Uint8Array, queue = "mails", lane = "normal"): Frame {
  const frame = decodeFrame(bytes, queue, lane);
  if (isBad(frame)) throw new Error(frame.detail);
  return frame;
}

/** A good frame, changed. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = encodeFrame(parts);
  change(bytes);
  return bytes;
}

describe("a frame", () => {
  it("comes back with every field", () => {
    const frame = decoded(encodeFrame(parts));
    expect({
      ...{ type: frame.type, priority: frame.priority, run: frame.run, first: frame.first, count: frame.count },
      ...{ round: frame.round, attempt: frame.attempt, copy: frame.copy, lost: frame.lost },
      ...{ queue: frame.queue, lane: frame.lane, key: frame.key, coordinator: frame.coordinator },
      ...{ firstSentAt: frame.firstSentAt, tasks: frame.tasks, death: frame.death },
      ...{ codecs: frame.codecs, body: Buffer.from(frame.body).toString(), name: frame.name },
    }).toEqual({
      ...{ type: "task", priority: 7, run: RUN, first: 4_000_000_000, count: 1 },
      ...{ round: 2, attempt: 3, copy: 4, lost: 1 },
      ...{ queue: "mails", lane: "normal", key: undefined, coordinator: undefined },
      ...{ firstSentAt: 1_700_000_000_000, tasks: [{ task: "render" }], death: undefined },
      ...{ codecs: [1], body: '["ü"]', name: `${RUN}/4000000000#2.3~4` },
    });
  });

  it.each([
    ["ASCII", "x".repeat(5_000)],
    ["with one letter of two bytes at the end", `${"x".repeat(4_999)}ü`],
    ["with one at the start, as many bytes as fit", `ü${"x".repeat(4_999)}`],
    ["of three bytes a character", "€".repeat(5_000)],
    ["of pairs of units", "😀".repeat(2_500)],
  ])("keeps a long body %s", (_, text) => {
    const body = JSON.stringify([text]);
    const bytes = encodeFrame({ ...parts, body });
    expect(Buffer.from(decoded(bytes).body).toString()).toBe(body);
    expect(bytes.length).toBe(encodeFrame({ ...parts, body: "" }).length + Buffer.byteLength(body));
  });

  it.each(["task", "result", "beat", "control"] as const)("may be of type %s", (type) => {
    const count = type === "task" ? 1 : 0;
    expect(decoded(encodeFrame({ ...parts, type, count })).type).toBe(type);
  });

  it.each([
    [
      "task counters from 0",
      { round: undefined, attempt: undefined, copy: undefined, lost: undefined },
      `${RUN}/1#0.0~0`,
    ],
    ["full counters", { round: 255, attempt: 65_535, copy: 65_535, lost: 255 }, `${RUN}/1#255.65535~65535`],
    [
      "counters that are more than full",
      { round: 256, attempt: 65_536, copy: 1e9, lost: 999 },
      `${RUN}/1#255.65535~65535`,
    ],
  ])("has a name: %s", (_, counters, name) => {
    const { round, attempt, copy, lost } = { ...parts, ...counters };
    const all = { round: round ?? 0, attempt: attempt ?? 0, copy: copy ?? 0, lost: lost ?? 0 };
    expect(decoded(encodeFrame({ ...parts, first: 1, ...all })).name).toBe(name);
  });

  it.each([
    [0, `${RUN}/5#1.2~3`],
    [1, `${RUN}/5#1.2~3`],
    [2, `${RUN}/5+2#1.2~3`],
    [100, `${RUN}/5+100#1.2~3`],
  ])("of %d tasks is called %s", (count, name) => {
    expect(frameName(RUN, 5, count, { round: 1, attempt: 2, copy: 3, lost: 9 })).toBe(name);
  });

  it("is read where it lies in a larger buffer", () => {
    const bytes = encodeFrame(parts);
    const around = Buffer.concat([Buffer.alloc(5, 0xd7), bytes, Buffer.alloc(5, 0xd7)]);
    const frame = decoded(new Uint8Array(around.buffer, around.byteOffset + 5, bytes.length));
    expect(frame.name).toBe(`${RUN}/4000000000#2.3~4`);
    expect(Buffer.from(frame.body).toString()).toBe('["ü"]');
  });

  it("takes queue and lane from where it was read, unless it says them itself", () => {
    const said = encodeFrame({ ...parts, extension: { ...parts.extension, queue: "own", lane: "high" } });
    expect([decoded(said).queue, decoded(said).lane]).toEqual(["own", "high"]);
    expect([decoded(encodeFrame(parts), "here", "low").queue, decoded(encodeFrame(parts), "here", "low").lane]).toEqual(
      ["here", "low"],
    );
  });

  it("of a priority above 10 has priority 10", () => {
    expect(decoded(changed((bytes) => bytes.writeUInt8(255, at.priority))).priority).toBe(10);
  });
});

describe("what is not a frame comes back as bad, never as a throw", () => {
  const notOurs = "not a frame of this dispatcher";
  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), notOurs],
    ["a byte", new Uint8Array([0xd7]), notOurs],
    ["a header less a byte", encodeFrame(parts).subarray(0, HEADER_BYTES - 1), notOurs],
    ["another magic", changed((bytes) => bytes.writeUInt8(0xd8, at.magic)), notOurs],
    ["JSON", Buffer.from(JSON.stringify({ some: "other program's message", that: "is long enough" })), notOurs],
    ["version 0", changed((bytes) => bytes.writeUInt8(0x00, at.kind)), "version 0, this process knows 1"],
    ["version 2", changed((bytes) => bytes.writeUInt8(0x20, at.kind)), "version 2, this process knows 1"],
    ["type 4", changed((bytes) => bytes.writeUInt8(0x14, at.kind)), "type 4"],
    ["1,001 tasks", changed((bytes) => bytes.writeUInt16BE(1_001, at.count)), "a task frame of 1001 tasks"],
    ["65,535 tasks", changed((bytes) => bytes.writeUInt16BE(65_535, at.count)), "a task frame of 65535 tasks"],
    ["a result of a task", encodeFrame({ ...parts, type: "result" }), "a result frame of 1 tasks"],
    ["type 15", changed((bytes) => bytes.writeUInt8(0x1f, at.kind)), "type 15"],
    ["an extension past the end", changed((bytes) => bytes.writeUIntBE(bytes.length, at.extension, 3)), "cut short"],
    ["the longest extension", changed((bytes) => bytes.writeUIntBE(0xff_ffff, at.extension, 3)), "cut short"],
    [
      "an extension that ends within a field",
      changed((bytes) => bytes.writeUIntBE(bytes.readUIntBE(at.extension, 3) - 1, at.extension, 3)),
      "a field runs past the end of the extension",
    ],
  ])("%s", (_, bytes, detail) => {
    const frame = decodeFrame(bytes, "q", "normal");
    expect(frame).toEqual({ bad: "FRAME_INVALID", detail });
    expect(isBad(frame)).toBe(true);
  });

  it("whatever the length at which a frame was cut", () => {
    const bytes = encodeFrame(parts);
    const body = bytes.length - Buffer.byteLength(parts.body);
    for (let length = 0; length < body; length += 1) {
      expect(decodeFrame(bytes.subarray(0, length), "q", "l")).toMatchObject({ bad: "FRAME_INVALID" });
    }
    expect(Buffer.from(decoded(bytes.subarray(0, body)).body)).toHaveLength(0);
  });
});

describe("a copy", () => {
  const bytes = encodeFrame(parts);

  it("has other counters, and is the same otherwise", () => {
    const copy = copyBytes(bytes, { round: 2, attempt: 4, copy: 0, lost: 2 });
    expect(decoded(copy).name).toBe(`${RUN}/4000000000#2.4~0`);
    expect(decoded(copy).lost).toBe(2);
    const masked = (some: Buffer) => Buffer.concat([some.subarray(0, at.round), some.subarray(at.run)]);
    expect(masked(copy)).toEqual(masked(bytes));
  });

  it("leaves the frame in hand as it was", () => {
    const before = Buffer.from(bytes);
    copyBytes(bytes, { round: 9, attempt: 9, copy: 9, lost: 9 });
    expect(bytes).toEqual(before);
  });

  it("keeps counters that are full", () => {
    const copy = decoded(copyBytes(bytes, { round: 256, attempt: 65_536, copy: 65_536, lost: 256 }));
    expect([copy.round, copy.attempt, copy.copy, copy.lost]).toEqual([255, 65_535, 65_535, 255]);
  });
});

describe("rewriting", () => {
  it("changes the extension and the counters, and nothing else", () => {
    const frame = decoded(encodeFrame(parts));
    const key = "k".repeat(1_000);
    const next = decoded(rewrite(frame, { round: 3, attempt: 0, copy: 0, lost: 0 }, (old) => ({ ...old, key })));
    expect([next.name, next.key, next.priority, next.type]).toEqual([`${RUN}/4000000000#3.0~0`, key, 7, "task"]);
    expect(next.tasks).toEqual(frame.tasks);
    expect(Buffer.from(next.body).toString()).toBe('["ü"]');
    expect(frame.key).toBeUndefined();
  });

  it("is refused for what was not decoded here, as is asking for its bytes", () => {
    const foreign = { ...decoded(encodeFrame(parts)) } as Frame;
    const counters = { round: 0, attempt: 0, copy: 0, lost: 0 };
    expect(() => rewrite(foreign, counters, (old) => old)).toThrow(TypeError);
    expect(() => bytesOf(foreign)).toThrow(TypeError);
    const bytes = encodeFrame(parts);
    expect(bytesOf(decoded(bytes))).toEqual(bytes);
  });
});
