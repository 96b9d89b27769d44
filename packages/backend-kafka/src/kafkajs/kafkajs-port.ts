import kafkajs, { type Kafka } from "kafkajs";
import { closed } from "../kafka-error.ts";
import type { Batch, KafkaPort, NewTopic } from "../port.ts";
import { ask } from "./asking.ts";
import { clusterOf, type KafkajsBroker, type KafkajsProduced } from "./cluster.ts";
import { unfolds } from "./compression.ts";
import { classifyKafkajs, isThere, meaningOf, refusalsOf } from "./kafkajs-error.ts";
import { KafkajsLink } from "./kafkajs-link.ts";
import { PRODUCE_VERSION, produceRequest } from "./produce-request.ts";
import { ResponseError } from "./response-error.ts";

export interface KafkajsPortOptions {
  readonly client: Kafka;
  /** One of kafkajs's `CompressionTypes`; 0: none. */
  readonly compression: number;
  /** How long the brokers may take to have a batch on all replicas in sync. */
  readonly ackMs: number;
  /** Ends what is left of its connections. */
  readonly dispose?: (() => void) | undefined;
}

/** Acknowledged by all replicas that are in sync. */
const ALL = -1;

export function kafkajsPort(options: KafkajsPortOptions): KafkaPort {
  return new KafkajsPort(options);
}

class KafkajsPort implements KafkaPort {
  readonly #options: KafkajsPortOptions;
  readonly #link: KafkajsLink;
  /** Those that are not closed. */
  readonly #links = new Set<KafkajsLink>();
  #isClosed = false;

  constructor(options: KafkajsPortOptions) {
    this.#options = options;
    this.#link = this.link();
  }

  link(): KafkajsLink {
    const link = new KafkajsLink(clusterOf(this.#options.client), (closed) => this.#links.delete(closed));
    this.#links.add(link);
    if (this.#isClosed) link.close();
    return link;
  }

  async partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#link.partitions(topics);
  }

  async readable(topics: readonly string[]): Promise<void> {
    const counts = await this.#link.partitions(topics);
    // Of one that is not there no broker has the first.
    const all = (topic: string) => Array.from({ length: counts.get(topic) ?? 1 }, (_, at) => at);
    await this.#link.bounds(new Map(topics.map((topic) => [topic, all(topic)])));
  }

  async settings(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    const resources = topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name }));
    const { resources: found } = await this.#controlled((broker) => broker.describeConfigs({ resources }));
    return new Map(
      found.map(({ resourceName, configEntries }) => [
        resourceName,
        new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    );
  }

  async create(topics: readonly NewTopic[]): Promise<void> {
    const all = topics.map(({ topic, partitions, replicas, settings }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: replicas,
      configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
    }));
    try {
      await this.#controlled((broker) => broker.createTopics({ topics: all }));
    } catch (error) {
      const refused = refusalsOf(error).find((each) => !isThere(each));
      if (refused !== undefined) throw refused;
    }
  }

  async produce(topic: string, batches: readonly Batch[]): Promise<readonly unknown[]> {
    const link = this.#link;
    const outcomes: unknown[] = new Array(batches.length).fill(undefined);
    const places = batches.map(({ partition, records }, at) => ({ topic, partition, records, at }));
    const leaders = await link.byLeader(places);
    await Promise.all(
      [...leaders].map(async ([leader, own]) => {
        try {
          const errors = await this.#write(await link.broker(leader), topic, own);
          for (const { partition, at } of own) outcomes[at] = errors.get(partition);
          // Others may have them by now.
          if (errors.size > 0) void link.refresh().catch(() => {});
        } catch (error) {
          for (const { at } of own) outcomes[at] = error;
          void link.refresh().catch(() => {});
        }
      }),
    );
    return outcomes;
  }

  classify = classifyKafkajs;
  meaning = meaningOf;
  unfolds = unfolds;

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const link of this.#links) link.close();
    this.#options.dispose?.();
  }

  /** Answers what the broker refused, by partition. */
  async #write(broker: KafkajsBroker, topic: string, batches: readonly Batch[]): Promise<ReadonlyMap<number, unknown>> {
    const { compression, ackMs: timeout } = this.#options;
    const canBe = (broker.versions?.[0]?.maxVersion ?? 0) >= PRODUCE_VERSION;
    if (compression === 0 && canBe) {
      // Records are kept by their time, which is the machine's.
      const request = produceRequest(topic, batches, timeout, Date.now());
      return ask(broker, request);
    }
    const partitions = batches.map(({ partition, records }) => ({ partition, messages: records.map(messageOf) }));
    const answer = await broker.produce({ acks: ALL, timeout, compression, topicData: [{ topic, partitions }] });
    return refusedOf(topic, answer);
  }

  async #controlled<R>(ask: (controller: KafkajsBroker) => Promise<R>): Promise<R> {
    if (this.#isClosed) throw closed();
    const cluster = clusterOf(this.#options.client);
    try {
      await cluster.connect();
      await cluster.refreshMetadata();
      return await ask(await cluster.findControllerBroker());
    } finally {
      void cluster.disconnect().catch(() => {});
    }
  }
}

function refusedOf(topic: string, { topics }: KafkajsProduced): ReadonlyMap<number, unknown> {
  const refused = new Map<number, unknown>();
  for (const { partition, errorCode } of topics.flatMap(({ partitions }) => partitions))
    if (errorCode !== 0) refused.set(partition, new ResponseError(errorCode, { topic, partition }));
  return refused;
}

/** kafkajs takes a Buffer, and makes a damaged record of any other array of bytes. */
function messageOf({ key, value }: Batch["records"][number]): {
  readonly key: Buffer | string | null;
  readonly value: Buffer;
} {
  return { key: key instanceof Uint8Array ? viewOf(key) : key, value: viewOf(value) };
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
