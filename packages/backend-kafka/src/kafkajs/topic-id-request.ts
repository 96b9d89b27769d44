import type { ProtocolRequest } from "./asking.ts";

const METADATA = 3;
/** Brokers from 3.0 on take it; the newest that kafkajs knows tells no ids. */
const METADATA_VERSION = 12;
const ID_BYTES = 16;

/** The id of a topic: another one when it was deleted and made again under its name. `undefined`: the broker does not say. */
export function topicIdRequest(topic: string): ProtocolRequest<string | undefined> {
  const name = Buffer.from(topic);
  const length = name.length + 1;
  const named = [Buffer.from(length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7]), name];
  // No tags in the header, one topic, no id of it; and no tags of it, it is not to be made, its rights are not asked for, no tags.
  const body = Buffer.concat([Buffer.of(0, 2), Buffer.alloc(ID_BYTES), ...named, Buffer.alloc(4)]);
  // Behind the brokers, which fill any number of bytes: one topic, no error, its name, and then its id.
  const before = Buffer.concat([Buffer.of(2, 0, 0), ...named]);
  return {
    apiKey: METADATA,
    apiVersion: METADATA_VERSION,
    apiName: "Metadata",
    bytes: body.length,
    write: (into, from) => into.set(body, from),
    read(bytes) {
      const at = bytes.indexOf(before);
      const from = at + before.length;
      const answer = at < 0 ? undefined : bytes.toString("hex", from, from + ID_BYTES);
      return { answer, throttleMs: bytes.readInt32BE(1) };
    },
  };
}
