import kafkajsRequest from "kafkajs/src/protocol/requests/offsetCommit/v5/request.js";
import { describe, expect, it } from "vitest";
import { commitRequest } from "./commit-request.ts";

const commits = [
  { topic: "a", partition: 0, offset: 2 ** 40 + 5, note: "v1 nöte" },
  { topic: "täst", partition: 7, offset: 0, note: "" },
  { topic: "a", partition: 11, offset: 3, note: "x".repeat(4_096) },
];

/** throttle, then for each topic its name and for each partition of it a code. */
function answerOf(topics: Readonly<Record<string, Readonly<Record<number, number>>>>): Buffer {
  const parts = [Buffer.from([0, 0, 0, 9, 0, 0, 0, Object.keys(topics).length])];
  for (const [topic, partitions] of Object.entries(topics)) {
    const codes = Object.entries(partitions);
    parts.push(Buffer.from([0, Buffer.byteLength(topic)]), Buffer.from(topic), Buffer.from([0, 0, 0, codes.length]));
    for (const [partition, code] of codes) parts.push(Buffer.from([0, 0, 0, Number(partition), 0, code]));
  }
  return Buffer.concat(parts);
}

describe("a commit", () => {
  it.each([{ memberId: "mémber-1", generation: 12 }, undefined])("is written as kafkajs writes it: %o", async (as) => {
    const request = commitRequest("gröup", as, commits);
    const bytes = Buffer.alloc(request.bytes + 3);
    request.write(bytes, 3);
    const topics = ["a", "täst"].map((topic) => ({
      topic,
      partitions: commits
        .filter((commit) => commit.topic === topic)
        .map(({ partition, offset, note }) => ({ partition, offset: String(offset), metadata: note })),
    }));
    const { memberId, generation: groupGenerationId } = as ?? { memberId: "", generation: -1 };
    const expected = await kafkajsRequest({ groupId: "gröup", groupGenerationId, memberId, topics }).encode();
    expect(bytes.subarray(3).toString("hex")).toBe(expected.buffer.toString("hex"));
  });

  it("is answered with how long to hold back, or with what of it was refused", async () => {
    const read = (answer: Buffer) => commitRequest("g", undefined, []).read(answer);
    expect(read(answerOf({ a: { 0: 0, 1: 0 }, täst: { 2: 0 } }))).toEqual({ answer: undefined, throttleMs: 9 });
    expect(() => read(answerOf({ a: { 0: 0, 1: 0 }, täst: { 2: 22 } }))).toThrow("partition 2 of the topic täst: ILLEGAL_GENERATION"); // biome-ignore format: one line
  });
});
