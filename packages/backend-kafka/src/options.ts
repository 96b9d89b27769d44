import { DispatchError } from "@org/dispatch-core";
import { checkKnown, checkName, checkWhole } from "@org/dispatch-core/adapter-kit";
import { UNLIMITED } from "@org/dispatch-core/contract";
import type { Kafka, KafkaConfig } from "kafkajs";
import { type AddressOptions, addressOf } from "./address.ts";
import { type Codec, type Compression, compressions, useCompression } from "./kafkajs/compression.ts";
import { kafkajsPort } from "./kafkajs/kafkajs-port.ts";
import { ownClient } from "./kafkajs/own-client.ts";
import type { Naming } from "./names.ts";
import type { KafkaPort } from "./port.ts";
import { MOST_FRAME_BYTES } from "./profile.ts";

export interface KafkaBackendOptions extends AddressOptions {
  /** What the names of topics begin with; default `dispatch`. */
  readonly namespace?: string | undefined;
  /** A client to use as it is, instead of the address. Make it with `retry: { retries: 0 }`: core tries again, in one place. */
  readonly client?: Kafka | undefined;
  /** Another client than kafkajs. */
  readonly port?: KafkaPort | undefined;
  /** Whatever else kafkajs's client takes: `clientId`, `connectionTimeout`, `requestTimeout`, `logLevel`, `socketFactory` … */
  readonly connection?: Omit<KafkaConfig, "brokers" | "ssl" | "sasl" | "retry"> | undefined;
  /** The user's queue that `topic` and `consumerGroup` stand for; default `default`. */
  readonly queue?: string | undefined;
  /** The topic of that queue's middle lane; default `NAMESPACE.QUEUE`. Its other topics have that name in front. */
  readonly topic?: string | undefined;
  /** The group of that queue's workers; default: the name of the topic. */
  readonly consumerGroup?: string | undefined;
  /** The most records that one receive brings; default 10,000. */
  readonly recordsPerFetch?: number | undefined;
  /** Only `false`: what is done is committed by the adapter, when it is done. */
  readonly enableAutoCommit?: boolean | undefined;
  /** After so long without a word from a process the group goes on without it; default 10,000. The broker has bounds of its own for it. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Of a lane, and of replies, where topics are made; default 12. At most so many processes of a lane are of use. */
  readonly partitions?: number | undefined;
  /** Copies of each partition, where topics are made; default: the broker's `default.replication.factor`. */
  readonly replicas?: number | undefined;
  /** For how long an unread task is kept; default `UNLIMITED`. Of a topic that keeps less `open` says so. */
  readonly retentionMs?: number | undefined;
  /** For how long an unread reply is kept; default one day. */
  readonly replyRetentionMs?: number | undefined;
  /** The largest frame, and the most of one send; at most and by default 921,600. A topic that takes less is refused at `open` (`MISMATCH`). */
  readonly frameBytes?: number | undefined;
  /** Of batches, beside what core compresses; default `none`. `lz4` and `snappy` need a codec. */
  readonly compression?: Compression | undefined;
  readonly codecs?: Readonly<Partial<Record<Compression, Codec>>> | undefined;
}

export interface Settings {
  readonly port: KafkaPort;
  readonly naming: Naming;
  readonly recordsPerFetch: number;
  readonly sessionTimeoutMs: number;
  readonly partitions: number;
  readonly replicas: number;
  readonly retentionMs: number;
  readonly replyRetentionMs: number;
  readonly frameBytes: number;
}

export const kafkaDefaults = Object.freeze({
  namespace: "dispatch",
  queue: "default",
  recordsPerFetch: 10_000,
  enableAutoCommit: false,
  sessionTimeoutMs: 10_000,
  partitions: 12,
  retentionMs: UNLIMITED,
  replyRetentionMs: 86_400_000,
  frameBytes: MOST_FRAME_BYTES,
  compression: "none" as Compression,
});

const ADDRESS = ["url", "bootstrapServers", "ssl", "sasl", "connection"] as const;
const KNOWN = [
  ...Object.keys(kafkaDefaults),
  ...ADDRESS,
  "client",
  "port",
  "topic",
  "consumerGroup",
  "replicas",
  "codecs",
];
/** The broker's own, as a number. */
const BROKERS_OWN = -1;
/** How long the replicas in sync may take to have a batch; the client gives up a little later. */
const ACK_MS = 7_000;
/** Group ids are free texts; this keeps them within what a log line can hold. */
const MOST_GROUP_CHARACTERS = 200;

/** Throws `CONFIG_INVALID` for a wrong value, for two that contradict each other, and for a key that it does not know. */
export function resolveOptions(options: KafkaBackendOptions): Settings {
  checkKnown("kafka", options, KNOWN);
  const { client, port } = options;
  const second =
    client === undefined && port === undefined ? undefined : ADDRESS.find((key) => options[key] !== undefined);
  if (second !== undefined) throw invalid(`${second}: the client says this already; keep one of the two`);
  if (client !== undefined && port !== undefined) throw invalid("client and port: keep one of the two");
  if ((options.enableAutoCommit ?? false) !== false)
    throw invalid(
      "enableAutoCommit can only be false: a commit by time would say of tasks that still run that they are done",
    );
  const namespace = checkName("namespace", options.namespace ?? kafkaDefaults.namespace);
  const of = checkName("queue", options.queue ?? kafkaDefaults.queue);
  const { topic, consumerGroup: group } = options;
  if (topic !== undefined && (typeof topic !== "string" || topic === "")) throw invalid("topic is a name");
  if (group !== undefined && (typeof group !== "string" || group === "" || group.length > MOST_GROUP_CHARACTERS))
    throw invalid(`consumerGroup is a text of 1 to ${MOST_GROUP_CHARACTERS} characters`);
  const whole = (
    key: "recordsPerFetch" | "sessionTimeoutMs" | "partitions" | "frameBytes",
    least: number,
    most: number,
  ) => checkWhole(key, options[key] ?? kafkaDefaults[key], least, most);
  const settings = {
    naming: { namespace, named: { of, topic, group } },
    recordsPerFetch: whole("recordsPerFetch", 1, 1_000_000),
    sessionTimeoutMs: whole("sessionTimeoutMs", 1_000, 3_600_000),
    partitions: whole("partitions", 1, 1_000),
    replicas: options.replicas === undefined ? BROKERS_OWN : checkWhole("replicas", options.replicas, 1, 100),
    retentionMs: checkWhole("retentionMs", options.retentionMs ?? kafkaDefaults.retentionMs, 60_000, UNLIMITED),
    replyRetentionMs: checkWhole(
      "replyRetentionMs",
      options.replyRetentionMs ?? kafkaDefaults.replyRetentionMs,
      60_000,
      UNLIMITED,
    ),
    frameBytes: whole("frameBytes", 1_024, MOST_FRAME_BYTES),
  };
  return { ...settings, port: port ?? portOf(options) };
}

function portOf(options: KafkaBackendOptions): KafkaPort {
  const compression = options.compression ?? kafkaDefaults.compression;
  if (!compressions.includes(compression)) throw invalid(`compression is one of ${compressions.join(", ")}`);
  const type = useCompression(compression, options.codecs);
  if (type === undefined) throw invalid(`compression ${compression} needs a codec: codecs: { ${compression}: … }`);
  if (options.client !== undefined) return kafkajsPort({ client: options.client, compression: type, ackMs: ACK_MS });
  const { brokers, ssl, sasl } = addressOf(options);
  const { client, dispose } = ownClient({
    ...options.connection,
    brokers: [...brokers],
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
  });
  return kafkajsPort({ client, compression: type, ackMs: ACK_MS, dispose });
}

function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", `kafka: ${message}`);
}
