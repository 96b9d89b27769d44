import { type Clock, type Doubt, type Queue, UNLIMITED } from "@org/dispatch-core/contract";
import { KafkaRefusal } from "./kafka-error.ts";
import { spotOf } from "./names.ts";
import type { Settings } from "./options.ts";
import type { NewTopic } from "./port.ts";
import { BATCH_OVERHEAD_BYTES } from "./profile.ts";
import { untilReady } from "./readiness.ts";

/** What is read in the order of its time, or by whoever looks, needs no more than one reader. */
const ONE_READER = 1;
/** As Kafka writes it. */
const FOR_EVER = -1;

/** The topics of a backend: made where they may be, and looked at once. */
export class Topics {
  readonly #settings: Settings;
  readonly #checked = new Set<string>();
  /** Of all topics that were opened. */
  readonly #doubts: Doubt[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Throws `MISSING` for a topic that is not there and must not be made, and `MISMATCH` for one that cannot be used. */
  async open(queues: readonly Queue[], create: boolean, clock: Clock, signal: AbortSignal): Promise<readonly Doubt[]> {
    const { port, naming } = this.#settings;
    const open = new Map<string, Queue>();
    for (const queue of queues) {
      const { topic } = spotOf(naming, queue);
      if (!this.#checked.has(topic)) open.set(topic, queue);
    }
    if (open.size === 0) return this.#doubts;
    const there = await port.partitions([...open.keys()]);
    const missing = [...open].filter(([topic]) => !there.has(topic));
    if (missing.length > 0) await this.#make(missing, create);
    const made = new Set(missing.map(([topic]) => topic));
    await this.#check([...open].filter(([topic]) => !made.has(topic)));
    await untilReady(port, clock, signal, () => port.readable([...open.keys()]));
    for (const topic of open.keys()) this.#checked.add(topic);
    return this.#doubts;
  }

  async #make(missing: readonly (readonly [string, Queue])[], create: boolean): Promise<void> {
    const names = missing.map(([topic]) => `"${topic}"`).join(", ");
    if (!create) {
      const queues = missing.map(([, queue]) => queue);
      throw new KafkaRefusal("MISSING", `there is no topic ${names}, and none may be made without create`, queues);
    }
    await this.#settings.port.create(missing.map(([topic, queue]) => this.#made(topic, queue)));
  }

  #made(topic: string, { role }: Queue): NewTopic {
    const { partitions, replicas, retentionMs, replyRetentionMs } = this.#settings;
    const keptMs = role === "reply" ? replyRetentionMs : retentionMs;
    return {
      topic,
      partitions: role === "work" || role === "reply" ? partitions : ONE_READER,
      replicas,
      settings: {
        "cleanup.policy": "delete",
        "retention.ms": String(keptMs >= UNLIMITED ? FOR_EVER : keptMs),
        "retention.bytes": String(FOR_EVER),
      },
    };
  }

  async #check(topics: readonly (readonly [string, Queue])[]): Promise<void> {
    if (topics.length === 0) return;
    const all = await this.#settings.port.settings(topics.map(([topic]) => topic));
    for (const [topic, queue] of topics) this.#checkOne(topic, queue, all.get(topic) ?? new Map());
  }

  #checkOne(topic: string, { role }: Queue, settings: ReadonlyMap<string, string>): void {
    const { retentionMs, replyRetentionMs, frameBytes } = this.#settings;
    const number = (key: string) => Number(settings.get(key) ?? FOR_EVER);
    const refuse = (why: string) => {
      throw new KafkaRefusal("MISMATCH", `the topic "${topic}" ${why}`);
    };
    const doubt = (why: string) => this.#doubts.push({ code: "MISMATCH", detail: `the topic "${topic}" ${why}` });
    if (settings.get("cleanup.policy")?.includes("compact") === true)
      refuse("is compacted, and takes no records without a key: set cleanup.policy to delete");
    const compression = settings.get("compression.type");
    if (compression !== undefined && !this.#settings.port.unfolds(compression))
      refuse(
        `is compressed by ${compression}, for which there is no codec: set compression.type to producer, or give codecs`,
      );
    const most = number("max.message.bytes");
    const needed = frameBytes + BATCH_OVERHEAD_BYTES;
    if (most !== FOR_EVER && most < needed)
      refuse(`takes ${most} bytes a batch: set max.message.bytes to ${needed}, or say a smaller frameBytes`);
    const [key, wantedMs] = role === "reply" ? ["replyRetentionMs", replyRetentionMs] : ["retentionMs", retentionMs];
    const keptMs = number("retention.ms");
    if (keptMs !== FOR_EVER && keptMs < wantedMs)
      doubt(`loses what nobody has read for ${keptMs} ms: set retention.ms to -1, or say ${key}: ${keptMs}`);
    if (number("retention.bytes") !== FOR_EVER)
      doubt("loses what nobody has read when it has grown enough: set retention.bytes to -1");
  }
}
