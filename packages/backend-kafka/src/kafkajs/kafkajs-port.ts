import kafkajs, { type Kafka } from "kafkajs";
import type { Batch, KafkaPort, NewTopic } from "../port.ts";
import { ask } from "./asking.ts";
import { clusterOf, type KafkajsBroker } from "./cluster.ts";
import { type Compression, compressions, isKnown } from "./compression.ts";
import { classifyKafkajs, isMissing, isThere, meaningOf, refusalsOf } from "./kafkajs-error.ts";
import { KafkajsLink } from "./kafkajs-link.ts";
import { PRODUCE_VERSION, produceRequest } from "./produce-request.ts";

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
  #sending: KafkajsLink;
  /** Asks for topics that may not be there: as long as kafkajs asks for one of those, it fails for all others of the same cluster. */
  readonly #asking: KafkajsLink;
  /** Those that are not closed. */
  readonly #links = new Set<KafkajsLink>();

  constructor(options: KafkajsPortOptions) {
    this.#options = options;
    this.#sending = this.link();
    this.#asking = this.link();
  }

  link(): KafkajsLink {
    const link = new KafkajsLink(clusterOf(this.#options.client), (closed) => this.#links.delete(closed));
    this.#links.add(link);
    return link;
  }

  async partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    try {
      return await this.#asking.partitions(topics);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // kafkajs does not say which.
      const found = await Promise.all(
        topics.map((topic) => this.#asking.partitions([topic]).catch((each: unknown) => this.#none(each))),
      );
      return new Map(found.flatMap((each) => [...each]));
    }
  }

  async readable(topics: readonly string[]): Promise<void> {
    const share = new Map<string, readonly number[]>();
    for (const [topic, count] of await this.#asking.partitions(topics))
      share.set(
        topic,
        Array.from({ length: count }, (_, at) => at),
      );
    await this.#sending.bounds(share);
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

  unfolds(compression: string): boolean {
    return (
      !compressions.includes(compression as Compression) ||
      compression === "none" ||
      isKnown(compression as Compression)
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
    const link = this.#sending;
    const outcomes: unknown[] = new Array(batches.length).fill(undefined);
    const places = batches.map(({ partition, records }, at) => ({ topic, partition, records, at }));
    const leaders = await link.byLeader(places);
    await Promise.all(
      [...leaders].map(async ([leader, own]) => {
        try {
          const errors = await this.#write(await link.broker(leader), topic, own);
          for (const { partition, at } of own) outcomes[at] = errors.get(partition);
          for (const error of errors.values()) this.#renew(link, error);
        } catch (error) {
          for (const { at } of own) outcomes[at] = error;
          this.#renew(link, error);
        }
      }),
    );
    return outcomes;
  }

  classify = classifyKafkajs;
  meaning = meaningOf;

  async close(): Promise<void> {
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
    // It says that one of them was not written, and not which.
    await broker.produce({ acks: ALL, timeout, compression, topicData: [{ topic, partitions }] });
    return new Map();
  }

  /** A topic that was deleted makes kafkajs fail for all others it knows, for good: what knows it is replaced. Else it asks anew who has what. */
  #renew(link: KafkajsLink, error: unknown): void {
    if (link !== this.#sending) return;
    if (!isMissing(error)) {
      void link.refresh().catch(() => {});
      return;
    }
    this.#sending = this.link();
    link.close();
  }

  #none(error: unknown): ReadonlyMap<string, number> {
    if (isMissing(error)) return new Map();
    throw error;
  }

  /** Over connections of its own each time: what has met a topic that is deleted later is of no use any more. */
  async #controlled<R>(ask: (controller: KafkajsBroker) => Promise<R>): Promise<R> {
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
