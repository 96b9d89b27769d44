import { randomBytes } from "node:crypto";
import lz4js from "lz4js";
import snappyjs from "snappyjs";
import { afterEach, describe, expect, inject, it } from "vitest";
import type { KafkaBackend, KafkaBackendOptions } from "./index.ts";
import { kafkajsPort } from "./kafkajs/kafkajs-port.ts";
import { ownClient } from "./kafkajs/own-client.ts";
import { acks, frame, never, newNamespace, opened, take, WORK } from "./testing/opened.ts";
import { removeTopics } from "./testing/swept.ts";

type Codec = NonNullable<NonNullable<KafkaBackendOptions["codecs"]>["lz4"]>;

const lz4: Codec = {
  async compress({ buffer }) {
    const frame = Buffer.from(lz4js.compress(buffer));
    // Its one block, of 4 MB at most, stands by itself, and lz4js does not say so; Kafka takes no others. Flags, block size, and their checksum.
    frame.set([0x60, 0x70, 0x73], 4);
    return frame;
  },
  decompress: async (bytes) => Buffer.from(lz4js.decompress(bytes)),
};
const snappy: Codec = {
  compress: async ({ buffer }) => snappyjs.compress(buffer),
  decompress: async (bytes) => snappyjs.uncompress(bytes),
};

const { kafka: line } = inject("services");

// The broker looks into each batch that it is given: what it takes is what its compression is called.
describe.skipIf(line === undefined)("batches compressed", () => {
  const url = line?.url ?? "";
  const namespace = newNamespace();
  const backends: KafkaBackend[] = [];
  afterEach(async () => {
    await Promise.all(backends.splice(0).map((backend) => backend.close()));
    await removeTopics(url, namespace);
  });

  it.each([
    ["gzip", undefined],
    ["zstd", undefined],
    ["lz4", { lz4 }],
    ["snappy", { snappy }],
  ] as const)("by %s are what they were, from send to ack", async (compression, codecs) => {
    let compressed = 0;
    const counted = codecs && Object.fromEntries(Object.entries(codecs).map(([name, codec]) => [name, { ...codec, compress: (given: { readonly buffer: Buffer }) => { compressed += given.buffer.length; return codec.compress(given); } }])); // biome-ignore format: one line
    const backend = await opened({ url, namespace, compression, codecs: counted });
    backends.push(backend);
    const all = [
      Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      Buffer.alloc(100_000, "x"),
      Buffer.alloc(0),
    ];
    expect(await backend.send(WORK, all.map((bytes, at) => frame(String(at), { bytes })), never)).toEqual(["ok", "ok", "ok"]); // biome-ignore format: one line
    const held = await take(backend, { waitMs: 5_000 });
    expect(held.map(({ bytes }) => Buffer.from(bytes))).toEqual(all);
    expect(await backend.settle(acks(...held), never)).toEqual(["ok", "ok", "ok"]);
    if (codecs !== undefined) expect(compressed).toBeGreaterThan(100_000);
  });

  it("are each told what became of it: one that is refused takes no other of the same broker with it", async () => {
    const space = `${namespace}-parts`;
    const backend = await opened({ url, namespace: space, partitions: 2 });
    backends.push(backend);
    const brokers = [url.replace("kafka://", "")];
    const { client, dispose } = ownClient({ brokers });
    const port = kafkajsPort({ client, compression: 1, ackMs: 5_000, dispose });
    const topic = `${space}.default`;
    const admin = client.admin();
    await admin.connect();
    const configEntries = [{ name: "max.message.bytes", value: "1000" }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] });
    await admin.disconnect();
    const batches = [randomBytes(2_000), Buffer.from("small")].map((value, partition) => ({ partition, records: [{ key: null, value }] })); // biome-ignore format: one line
    const outcomes = await port.produce(topic, batches);
    expect(outcomes.map((outcome) => outcome && port.classify(outcome).code)).toEqual(["TOO_LARGE", undefined]);
    await port.close();
    expect((await take(backend, { waitMs: 5_000 })).map(({ bytes }) => String(Buffer.from(bytes)))).toEqual(["small"]);
  });
});
