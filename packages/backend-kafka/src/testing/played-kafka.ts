import type { Clock, ErrorClass } from "@org/dispatch-core/contract";
import { KafkaRefusal } from "../kafka-error.ts";
import type {
  Batch,
  Bounds,
  Commit,
  Fetched,
  KafkaPort,
  LogLink,
  LogRecord,
  Meaning,
  NewTopic,
  Place,
  Share,
} from "../port.ts";
import { PlayedGroup, refused } from "./played-group.ts";

/** Topics and groups as brokers have them, on a clock of the test's own: what the clients of a real one share. */
export class PlayedKafka {
  readonly clock: Clock;
  readonly topics = new Map<string, Partition[]>();
  /** Of topics that are not as they are by default. */
  readonly settings = new Map<string, ReadonlyMap<string, string>>();
  readonly #groups = new Map<string, PlayedGroup>();
  /** Every commit that was taken, in order. */
  readonly commits: (Commit & { readonly memberId: string })[] = [];
  /** Every one there was. */
  readonly #logs: (readonly Partition[])[] = [];
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  group(name: string): PlayedGroup {
    const group = this.#groups.get(name) ?? new PlayedGroup(this.clock);
    this.#groups.set(name, group);
    return group;
  }

  partition({ topic, partition }: Place): Partition {
    const found = this.topics.get(topic)?.[partition];
    if (found === undefined) throw refused("UNKNOWN_TOPIC_OR_PARTITION");
    return found;
  }

  logId(topic: string): string | undefined {
    const log = this.topics.get(topic);
    if (log === undefined) return undefined;
    if (!this.#logs.includes(log)) this.#logs.push(log);
    return String(this.#logs.indexOf(log));
  }

  /** Somebody has given it more partitions. */
  grow(topic: string, count: number): void {
    const all = this.topics.get(topic) ?? [];
    while (all.length < count) all.push({ low: 0, records: [] });
  }

  /** Something has been appended. */
  ring(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async rung(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(ms, resolve, true);
      this.#waiting.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

interface Partition {
  low: number;
  records: LogRecord[];
}

const high = ({ low, records }: Partition) => low + records.length;

/** One client of it. It can die, as a process does: what it asks is never answered any more. */
export class PlayedPort implements KafkaPort {
  isDead = false;
  /** Answers of the broker are lost. */
  isCut = false;
  /** How long the broker takes to write a commit. */
  commitMs = 0;
  /** Throws where the broker is to refuse to delete records; called with each try. */
  deleting: () => void = () => {};
  /** Links that nobody has closed. */
  readonly links = new Set<LogLink>();
  readonly #kafka: PlayedKafka;

  constructor(kafka: PlayedKafka) {
    this.#kafka = kafka;
  }

  async partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    await this.ask();
    return new Map(
      topics
        .flatMap((topic) => [[topic, this.#kafka.topics.get(topic)?.length ?? 0] as const])
        .filter(([, count]) => count > 0),
    );
  }

  async readable(): Promise<void> {}

  async settings(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    return new Map(topics.map((topic) => [topic, this.#kafka.settings.get(topic) ?? new Map()]));
  }

  unfolds(compression: string): boolean {
    return compression !== "lz4";
  }

  async create(topics: readonly NewTopic[]): Promise<void> {
    await this.ask();
    for (const { topic, partitions } of topics) {
      if (this.#kafka.topics.has(topic)) continue;
      this.#kafka.topics.set(
        topic,
        Array.from({ length: partitions }, () => ({ low: 0, records: [] })),
      );
    }
  }

  async produce(topic: string, batches: readonly Batch[]): Promise<readonly unknown[]> {
    await this.ask();
    for (const { partition, records } of batches) {
      const log = this.#kafka.partition({ topic, partition });
      for (const { key, value } of records)
        log.records.push({ offset: high(log), key: typeof key === "string" ? Buffer.from(key) : key, value });
    }
    this.#kafka.ring();
    return batches.map(() => undefined);
  }

  link(): LogLink {
    const link = new PlayedLink(this.#kafka, this);
    this.links.add(link);
    return link;
  }

  classify(error: unknown): ErrorClass {
    if (error instanceof KafkaRefusal) return { code: error.code, missing: error.missing };
    const { type } = error as { readonly type?: string };
    if (type === "TOPIC_AUTHORIZATION_FAILED") return { code: "DENIED" };
    return { code: type === "UNKNOWN_TOPIC_OR_PARTITION" ? "MISSING" : "UNAVAILABLE" };
  }

  meaning(error: unknown): Meaning {
    const { type } = error as { readonly type?: string };
    if (type === "UNKNOWN_MEMBER_ID" || type === "ILLEGAL_GENERATION") return "evicted";
    return type === "REBALANCE_IN_PROGRESS" ? "rebalancing" : type === "OFFSET_OUT_OF_RANGE" ? "out-of-range" : "none";
  }

  async close(): Promise<void> {}

  /** A request on its way. */
  async ask(): Promise<void> {
    await new Promise<void>((resolve) => this.#kafka.clock.soon(resolve));
    if (this.isDead) await new Promise(() => {});
    if (this.isCut) throw refused("NETWORK_EXCEPTION");
  }
}

class PlayedLink implements LogLink {
  readonly #kafka: PlayedKafka;
  readonly #port: PlayedPort;
  #isClosed = false;

  constructor(kafka: PlayedKafka, port: PlayedPort) {
    this.#kafka = kafka;
    this.#port = port;
  }

  join: LogLink["join"] = async (group, member) => {
    await this.#ask();
    const joined = await this.#kafka.group(group).join(member);
    await this.#ask();
    return joined;
  };

  sync: LogLink["sync"] = async (group, as, assignments, told) => {
    await this.#ask();
    const synced = await this.#kafka.group(group).sync(as, assignments, told);
    await this.#ask();
    return synced;
  };

  heartbeat: LogLink["heartbeat"] = async (group, as) => {
    await this.#ask();
    this.#kafka.group(group).beat(as);
  };

  leave: LogLink["leave"] = async (group, memberId) => {
    await this.#ask();
    this.#kafka.group(group).leave(memberId);
  };

  commit: LogLink["commit"] = async (name, as, commits) => {
    await this.#ask();
    const group = this.#kafka.group(name);
    group.check(as);
    for (const commit of commits) {
      group.committed.set(`${commit.topic}/${commit.partition}`, commit);
      this.#kafka.commits.push({ ...commit, memberId: as?.memberId ?? "" });
    }
    const { commitMs } = this.#port;
    if (commitMs > 0) await new Promise<void>((resolve) => this.#kafka.clock.after(commitMs, resolve));
    await this.#ask();
  };

  committed: LogLink["committed"] = async (group, share) => {
    await this.#ask();
    return placesOf(share).map(
      (place) =>
        this.#kafka.group(group).committed.get(`${place.topic}/${place.partition}`) ?? {
          ...place,
          offset: -1,
          note: "",
        },
    );
  };

  partitions: LogLink["partitions"] = (topics) => this.#port.partitions(topics);

  async logId(topic: string): Promise<string | undefined> {
    await this.#ask();
    return this.#kafka.logId(topic);
  }

  leaderOf(): string {
    return "1";
  }

  async refresh(): Promise<void> {}

  fetch: LogLink["fetch"] = async (_, asks, { waitMs }) => {
    await this.#ask();
    const look = () =>
      asks.map((ask) => this.#read(ask)).filter(({ records, failed }) => records.length > 0 || failed !== undefined);
    if (look().length === 0) await this.#kafka.rung(waitMs);
    await this.#ask();
    return look();
  };

  async bounds(share: Share): Promise<readonly Bounds[]> {
    await this.#ask();
    return placesOf(share).map((place) => {
      const log = this.#kafka.partition(place);
      return { ...place, low: log.low, high: high(log) };
    });
  }

  async ends(share: Share): Promise<readonly Bounds[]> {
    return this.bounds(share);
  }

  deleteBelow: LogLink["deleteBelow"] = async (places) => {
    await this.#ask();
    this.#port.deleting();
    for (const { offset, ...place } of places) {
      const log = this.#kafka.partition(place);
      const count = Math.max(0, Math.min(offset, high(log)) - log.low);
      log.records.splice(0, count);
      log.low += count;
    }
  };

  close(): void {
    this.#isClosed = true;
    this.#port.links.delete(this);
  }

  #read({ topic, partition, offset }: Place & { readonly offset: number }): Fetched {
    const log = this.#kafka.topics.get(topic)?.[partition];
    const failed = (type: string) => ({ topic, partition, high: -1, records: [], failed: refused(type) });
    if (log === undefined) return failed("UNKNOWN_TOPIC_OR_PARTITION");
    if (offset < log.low || offset > high(log)) return failed("OFFSET_OUT_OF_RANGE");
    return { topic, partition, high: high(log), records: log.records.slice(offset - log.low) };
  }

  async #ask(): Promise<void> {
    if (this.#isClosed) throw refused("NETWORK_EXCEPTION");
    await this.#port.ask();
  }
}

function placesOf(share: Share): Place[] {
  return [...share].flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
}
