import { type Clock, type Queue, UNLIMITED } from "@org/dispatch-core/contract";
import { KafkaRefusal } from "./kafka-error.ts";
import { spotOf } from "./names.ts";
import type { Settings } from "./options.ts";
import type { NewTopic } from "./port.ts";
import { BATCH_OVERHEAD_BYTES } from "./profile.ts";

/** What is read in the order of its time, or by whoever looks, needs no more than one reader. */
const ONE_READER = 1;
/** So long after it was made all brokers know a topic, or something is wrong. */
const MADE_MS = 5_000;
const AGAIN_MS = 50;
/** As Kafka writes it. */
const FOR_EVER = -1;

/** The topics of a backend: made where they may be, and looked at once. */
export class Topics {
  readonly #settings: Settings;
  readonly #checked = new Set<string>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Throws `MISSING` for a topic that is not there and must not be made, and `MISMATCH` for one that would lose what nobody has read. */
  async open(queues: readonly Queue[], create: boolean, clock: Clock): Promise<void> {
    const { port, naming } = this.#settings;
    const open = new Map<string, Queue>();
    for (const queue of queues) {
      const { topic } = spotOf(naming, queue);
      if (!this.#checked.has(topic)) open.set(topic, queue);
    }
    if (open.size === 0) return;
    const there = await port.partitions([...open.keys()]);
    const missing = [...open].filter(([topic]) => !there.has(topic));
    if (missing.length > 0) await this.#make(missing, create);
    const made = new Set(missing.map(([topic]) => topic));
    await this.#check([...open].filter(([topic]) => !made.has(topic)));
    await this.#readable([...open.keys()], clock);
    for (const topic of open.keys()) this.#checked.add(topic);
  }

  /** A topic that was just made is known to one broker after the other. */
  async #readable(topics: readonly string[], clock: Clock): Promise<void> {
    const { port } = this.#settings;
    for (const untilMs = clock.now() + MADE_MS; ; ) {
      try {
        return await port.readable(topics);
      } catch (error) {
        const { code } = port.classify(error);
        if ((code !== "MISSING" && code !== "UNAVAILABLE") || clock.now() >= untilMs) throw error;
        await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve, true));
      }
    }
  }

  async #make(missing: readonly (readonly [string, Queue])[], create: boolean): Promise<void> {
    const names = missing.map(([topic]) => `"${topic}"`).join(", ");
    if (!create) throw new KafkaRefusal("MISSING", `there is no topic ${names}, and none may be made without create`);
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
    const [key, wantedMs] = role === "reply" ? ["replyRetentionMs", replyRetentionMs] : ["retentionMs", retentionMs];
    const keptMs = number("retention.ms");
    if (settings.get("cleanup.policy")?.includes("compact") === true)
      refuse("is compacted: frames would vanish unread (cleanup.policy)");
    if (keptMs !== FOR_EVER && keptMs < wantedMs)
      refuse(`keeps what nobody has read for ${keptMs} ms only (retention.ms): set it to -1, or say ${key}: ${keptMs}`);
    if (role !== "reply" && number("retention.bytes") !== FOR_EVER)
      refuse("removes what nobody has read when it grows (retention.bytes): set it to -1");
    const most = number("max.message.bytes");
    if (most !== FOR_EVER && most < frameBytes + BATCH_OVERHEAD_BYTES)
      refuse(
        `takes ${most} bytes a batch (max.message.bytes): give it ${frameBytes + BATCH_OVERHEAD_BYTES}, or say a smaller frameBytes`,
      );
  }
}
