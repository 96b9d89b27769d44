import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outFrame } from "./testing/frames.ts";
import { wireOf } from "./wire.ts";

const bytes = wireOf({ wire: "bytes" });
const ascii = wireOf({ wire: "ascii" });

describe("a wire of bytes", () => {
  it("takes frames as they are, both ways, and counts them so", () => {
    const frame = outFrame();
    expect(bytes.toWire(frame)).toBe(frame);
    expect(bytes.fromWire(frame.bytes)).toBe(frame.bytes);
    expect([bytes.size(17), bytes.room(17)]).toEqual([17, 17]);
  });
});

describe("a wire of text", () => {
  it("carries any frame as base64, and nothing else of it changes", () => {
    const frame = outFrame({ priority: 7, delayMs: 5, key: "k", id: "order", payload: "ü" });
    const text = ascii.toWire(frame);
    expect(Buffer.from(text.bytes).toString("latin1")).toBe(Buffer.from(frame.bytes).toString("base64"));
    const { name, id, first, priority, delayMs, key } = text;
    expect({ name, id, first, priority, delayMs, key }).toEqual({
      ...{ name: frame.name, id: "id:order", first: true, priority: 7, delayMs: 5, key: "k" },
    });
    expect(ascii.fromWire(text.bytes)).toEqual(frame.bytes);
  });

  it("brings back any bytes, in as many characters as it says, from wherever they lie in memory", () => {
    const carried = fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(9), (content, start) => {
      const around = Buffer.concat([Buffer.alloc(start), content, Buffer.alloc(3)]);
      const frame = { ...plain, bytes: around.subarray(start, start + content.length) };
      const text = ascii.toWire(frame).bytes;
      expect(text).toHaveLength(ascii.size(content.length));
      expect(text.every((byte) => byte < 128)).toBe(true);
      expect(Buffer.from(ascii.fromWire(new Uint8Array(text)))).toEqual(Buffer.from(content));
    });
    fc.assert(carried, { numRuns: 500 });
  });

  it.each(Array.from({ length: 20 }, (_, limit) => limit))("has the room that its size fits into: %d", (limit) => {
    expect(ascii.size(ascii.room(limit))).toBeLessThanOrEqual(limit);
    expect(ascii.size(ascii.room(limit) + 1)).toBeGreaterThan(limit);
  });

  it.each([
    ["JSON", '{"of":"another program"}'],
    ["a length that is none", "abcde"],
    ["a space", "abcd abc"],
    ["a line end", "abcd\nabc"],
    ["an end in the middle", "ab==abcd"],
    ["a letter too few", "a==="],
    ["bytes above 127", "\xd7\x10\x10\x00"],
  ])("gives back what is not base64 as it came: %s", (_, text) => {
    const raw = Buffer.from(text, "latin1");
    expect(ascii.fromWire(raw)).toBe(raw);
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        (raw) => void expect(ascii.fromWire(raw)).toBeInstanceOf(Uint8Array),
      ),
      { numRuns: 1_000 },
    );
  });
});

const plain = { name: "", id: "", first: true, priority: 0, delayMs: 0, key: undefined };
