import { describe, expect, it } from "vitest";
import { wireOf } from "../wire.ts";
import { blobOf } from "./claim.ts";
import { decodeFrame, isBad } from "./frame.ts";
import { wrapping } from "./json.ts";
import { codecOf, RUN, shelf } from "./testing.ts";

// Frames of every codec as they have been written since version 1 of the frame, the blobs of claim checks, and a frame on a wire of text. They lie in
// brokers and blob stores: they must be read for ever. Never change one; add more.
const golden = Object.freeze({
  gzip:
    "d710120009000000000000abcdef012345678900000011000100001f0106018bcfe56800020d636f6f7264696e61746f722d31100672" +
    "656e646572000000e51f8b08000000000000038bae564acbcc4955b2523abc47afb82c5d4947a924b5a244c94aa93cbf28456118104a" +
    "b5b1000bc4eb98e5000000",
  zstd:
    "d710130009000000000000abcdef012345678900000011000100001f0106018bcfe56800020d636f6f7264696e61746f722d31100672" +
    "656e646572000000e528b52ffd20e555010024025b7b2266696c65223a22c3bc2e737667222c2274657874223a22776f726420227d5d" +
    "010003411527",
  brotli:
    "d710140009000000000000abcdef012345678900000011000100001f0106018bcfe56800020d636f6f7264696e61746f722d31100672" +
    "656e646572000000e5a12007002010ed9c56dd2ced3fadb2414a29849279b3294d348c627b7b88b90484ff4c9f09cd087b20acdabcc2" +
    "75",
  results:
    "d71113000a00000000000000000000000000000000000000000000080106018bcfe56be80000021128b52ffd601101b50400c2c81d20" +
    "50a538078d92f849b86365fb172caba76ca30b050a2159de4c16e98caaaab006d3a2e8e136f8b9e782080c494e4abf913151a2b1d3cc" +
    "8bab21b300c7cd533968bb9927a25f2df2da5ee6206eae5f889b8efc2c283dc0aee63cff101808c5e2100d12c7f52dbe4b8a1e368b70" +
    "dff32aa07ffb3c7e5c0a0a000626a420651552c1078188c2c3d2488e180f461d081c22b38204",
  claim:
    "d710150009000000000000abcdef012345678900000011000100001f0106018bcfe56800020d636f6f7264696e61746f722d31100672" +
    "656e6465727b226b6579223a223030313132323333343435353636373738383939616162626363646465656666222c22627974657322" +
    "3a3232392c22736861323536223a22323433633065393032363264356133313937663465356530373139633964613165636462646331" +
    "65643335333361616562363633333837313236613663653139227d",
  claimBlob:
    "5b7b2266696c65223a22c3bc2e737667222c2274657874223a22776f726420776f726420776f726420776f726420776f726420776f72" +
    "6420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f" +
    "726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f72642077" +
    "6f726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420776f726420" +
    "776f726420776f726420227d5d",
  claimGzip:
    "d710125009000000000000abcdef012345678900000011000100001f0106018bcfe56800020d636f6f7264696e61746f722d31100672" +
    "656e6465727b226b6579223a226666656564646363626261613939383837373636353534343333323231313030222c22627974657322" +
    "3a36302c22736861323536223a2235383764623439303535313531393338396532326632616237636539313361616264323262663262" +
    "316433643235346239353730313164653861353331303063227d",
  claimGzipBlob:
    "000000e51f8b08000000000000038bae564acbcc4955b2523abc47afb82c5d4947a924b5a244c94aa93cbf28456118104ab5b1000bc4" +
    "eb98e5000000",
  text: "1xAQAAkAAAAAAACrze8BI0VniQAAABEAAQAAHwEGAYvP5WgAAg1jb29yZGluYXRvci0xEAZyZW5kZXJbbnVsbF0=",
});

const payload = { file: "ü.svg", text: "word ".repeat(40) };
const task = {
  type: "task",
  priority: 9,
  name: `${RUN}/17#0.0~0`,
  coordinator: "coordinator-1",
  tasks: [{ task: "render" }],
};

async function read(bytes: Uint8Array, blobs = shelf()) {
  const frame = decodeFrame(bytes, "mails", "normal");
  if (isBad(frame)) throw new Error(frame.detail);
  const { type, priority, name, coordinator, tasks, codecs } = frame;
  const body = await codecOf({ blobs }).decodeBody(frame, wrapping.reply);
  return { type, priority, name, coordinator, tasks, codecs, body, blob: blobOf(frame) };
}

describe("golden frames decode for ever", () => {
  it.each([
    ["gzip", 2],
    ["zstd", 3],
    ["brotli", 4],
  ] as const)("%s", async (name, codec) => {
    const body = { value: [payload] };
    expect(await read(Buffer.from(golden[name], "hex"))).toEqual({
      ...task,
      codecs: [1, codec],
      body,
      blob: undefined,
    });
  });

  it("results, compressed", async () => {
    const result = { run: RUN, outcome: "completed", round: 0, attempts: 1, copy: 0, lost: 0, durationMs: 1, value: 1 };
    const results = [17, 18, 19, 20].map((index) => ({ ...result, index }));
    expect(await read(Buffer.from(golden.results, "hex"))).toMatchObject({
      ...{ type: "result", codecs: [1, 3], body: { value: { worker: "worker-1", results, probes: [] } } },
    });
  });

  it.each([
    ["claim", "00112233445566778899aabbccddeeff", [1, 5]],
    ["claimGzip", "ffeeddccbbaa99887766554433221100", [1, 2, 5]],
  ] as const)("a claim check: %s", async (name, key, codecs) => {
    const blobs = shelf();
    blobs.blobs.set(key, Buffer.from(golden[`${name}Blob`], "hex"));
    const frame = Buffer.from(golden[name], "hex");
    expect(await read(frame, blobs)).toEqual({ ...task, codecs, body: { value: [payload] }, blob: key });
    expect((await read(frame)).body).toEqual({ bad: "BLOB_MISSING", detail: `blob ${key}: it is gone` });
  });

  it("a frame on a wire of text", async () => {
    const bytes = wireOf({ wire: "ascii" }).fromWire(Buffer.from(golden.text, "latin1"));
    expect(await read(bytes)).toEqual({ ...task, codecs: [1], body: { value: [null] }, blob: undefined });
  });
});
