import type { Commit, Standing } from "../port.ts";
import type { Answer, ProtocolRequest } from "./asking.ts";
import { ResponseError } from "./response-error.ts";

const COMMIT = 8;
/** The newest that kafkajs knows; every broker from 2.1 on takes it. */
const COMMIT_VERSION = 5;
/** Who is in no group. */
const NOBODY: Standing = { memberId: "", generation: -1 };

/** Writes offsets and notes of a group. Throws where the broker has refused one of them. */
export function commitRequest(
  group: string,
  { memberId, generation }: Standing = NOBODY,
  commits: readonly Commit[],
): ProtocolRequest<void> {
  const topics = Map.groupBy(commits, ({ topic }) => topic);
  let bytes = 4 + textBytes(group) + 4 + textBytes(memberId);
  for (const topic of topics.keys()) bytes += textBytes(topic) + 4;
  for (const { note } of commits) bytes += 12 + textBytes(note);
  return {
    apiKey: COMMIT,
    apiVersion: COMMIT_VERSION,
    apiName: "OffsetCommit",
    bytes,
    write(into, from) {
      let at = writeText(into, from, group);
      at = into.writeInt32BE(generation, at);
      at = writeText(into, at, memberId);
      at = into.writeInt32BE(topics.size, at);
      for (const [topic, own] of topics) {
        at = writeText(into, at, topic);
        at = into.writeInt32BE(own.length, at);
        for (const { partition, offset, note } of own) {
          at = into.writeInt32BE(partition, at);
          at = into.writeBigInt64BE(BigInt(offset), at);
          at = writeText(into, at, note);
        }
      }
    },
    read,
  };
}

/** throttle, [topic: [partition, error]]. */
function read(bytes: Buffer): Answer<void> {
  let at = 8;
  for (let topics = bytes.readInt32BE(4); topics > 0; topics -= 1) {
    const nameEnd = at + 2 + bytes.readInt16BE(at);
    const topic = bytes.toString("utf8", at + 2, nameEnd);
    at = nameEnd + 4;
    for (let left = bytes.readInt32BE(nameEnd); left > 0; left -= 1) {
      const code = bytes.readInt16BE(at + 4);
      if (code !== 0) throw new ResponseError(code, { topic, partition: bytes.readInt32BE(at) });
      at += 6;
    }
  }
  return { answer: undefined, throttleMs: bytes.readInt32BE(0) };
}

function textBytes(text: string): number {
  return 2 + Buffer.byteLength(text);
}

function writeText(into: Buffer, from: number, text: string): number {
  const bytes = into.write(text, from + 2);
  into.writeInt16BE(bytes, from);
  return from + 2 + bytes;
}
