import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { blobOf, checkBlob, claimFor, readClaim } from "./claim.ts";

const clock = systemClock();
const KEY = "0123456789abcdef0123456789abcdef";
const SHA = "a".repeat(64);
const json = (claim: unknown) => Buffer.from(JSON.stringify(claim));

describe("a claim", () => {
  it("says where the bytes lie, how many they are, and their checksum; each has a key of its own", async () => {
    const [a, b] = [await claimFor(Buffer.from("abc"), clock), await claimFor(Buffer.from("abc"), clock)];
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(a).toEqual({ key: expect.stringMatching(/^[0-9a-f]{32}$/), bytes: 3, sha256 });
    expect(b.key).not.toBe(a.key);
    expect(readClaim(json(a))).toEqual(a);
    expect(json(a).length).toBeLessThan(200);
  });

  it("of many bytes is made with the event loop free in between", async () => {
    let turns = 0;
    const soon = (run: () => void) => {
      turns += 1;
      setImmediate(run);
    };
    const bytes = Buffer.alloc(5 * 1024 * 1024 + 1, "x");
    const { sha256 } = await claimFor(bytes, { soon });
    expect([turns, sha256]).toEqual([5, createHash("sha256").update(bytes).digest("hex")]);
  });

  it.each<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["no JSON", Buffer.from("{")],
    ["null", json(null)],
    ["a list", json([KEY, 1, SHA])],
    ["no key", json({ bytes: 1, sha256: SHA })],
    ["a path", json({ key: "../../../../etc/passwd", bytes: 1, sha256: SHA })],
    ["a path of the length of a key", json({ key: "../../../../../../../etc/passwd0", bytes: 1, sha256: SHA })],
    ["a key with a line end", json({ key: `${KEY}\n`, bytes: 1, sha256: SHA })],
    ["a key in capitals", json({ key: KEY.toUpperCase(), bytes: 1, sha256: SHA })],
    ["a key that is a list", json({ key: [KEY], bytes: 1, sha256: SHA })],
    ["no bytes", json({ key: KEY, bytes: 0, sha256: SHA })],
    ["half a byte", json({ key: KEY, bytes: 1.5, sha256: SHA })],
    ["bytes as a text", json({ key: KEY, bytes: "1", sha256: SHA })],
    ["another checksum", json({ key: KEY, bytes: 1, sha256: "abc" })],
    ["more than a claim", Buffer.concat([json({ key: KEY, bytes: 1, sha256: SHA }), Buffer.alloc(500, " ")])],
  ])("is refused where it is none: %s", (_, body) => {
    expect(readClaim(body)).toEqual({ bad: "FRAME_INVALID", detail: "not a claim check" });
    expect(blobOf({ codecs: [1, 5], body })).toBeUndefined();
  });

  it("is refused where the blob would be above the limit of a body", () => {
    const body = json({ key: KEY, bytes: 16 * 1024 * 1024 + 1, sha256: SHA });
    expect(readClaim(body)).toEqual({ bad: "FRAME_INVALID", detail: "a blob of 16777217 bytes" });
  });
});

it("the blob of a frame is known by its header and its claim", () => {
  const body = json({ key: KEY, bytes: 1, sha256: SHA });
  expect(blobOf({ codecs: [1, 2, 5], body })).toBe(KEY);
  expect(blobOf({ codecs: [1, 2], body })).toBeUndefined();
});

describe("a blob", () => {
  const bytes = Buffer.from("some bytes");
  it.each<[string, Uint8Array | undefined, string]>([
    ["gone", undefined, "it is gone"],
    ["of another kind", "text" as never, "it is gone"],
    ["shorter", bytes.subarray(1), "9 bytes instead of 10"],
    ["longer", Buffer.concat([bytes, bytes]), "20 bytes instead of 10"],
    ["changed", Buffer.from("some byteS"), "its checksum is another"],
  ])("that is %s is BLOB_MISSING", async (_, blob, why) => {
    const claim = await claimFor(bytes, clock);
    expect(await checkBlob(blob, claim, clock)).toEqual({ bad: "BLOB_MISSING", detail: `blob ${claim.key}: ${why}` });
  });

  it("that is whole comes back", async () => {
    expect(await checkBlob(bytes, await claimFor(bytes, clock), clock)).toBe(bytes);
  });
});
