import type { ErrorClass } from "@org/dispatch-core/contract";

/** One partition of a topic. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** What a log holds at one offset. */
export interface LogRecord {
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
}

/** Records for one partition: one batch of the broker's, which it takes or refuses as a whole. */
export interface Batch {
  readonly partition: number;
  readonly records: readonly { readonly key: Uint8Array | string | null; readonly value: Uint8Array }[];
}

/** A topic to make. */
export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  /** -1: the broker's own. */
  readonly replicas: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** Partitions by topic. */
export type Share = ReadonlyMap<string, readonly number[]>;

/** What a member says of itself when it joins. */
export interface Claim {
  readonly topics: readonly string[];
  /** What it has of an earlier generation, and would keep. */
  readonly owned: Share;
  /** Of which generation that is; 0: none. */
  readonly generation: number;
}

export interface Joined {
  readonly memberId: string;
  readonly generation: number;
  /** Only the leader of the group is told who the members are; for all others it is empty. */
  readonly members: readonly { readonly id: string; readonly claim: Claim }[];
}

/** What the leader gives to each member. */
export type Assignments = ReadonlyMap<string, Share>;

/** Who writes to a group, and as which generation of it: what the broker checks. */
export interface Standing {
  readonly memberId: string;
  readonly generation: number;
}

export interface Commit extends Place {
  /** Everything below it is done. */
  readonly offset: number;
  readonly note: string;
}

export interface Fetched extends Place {
  readonly records: readonly LogRecord[];
  /** The offset after the last record there is. */
  readonly high: number;
  /** Where to go on, behind what is no record: what a transaction left, say. Where it is left out, behind the last record. */
  readonly next?: number;
  /** Why there is no more of this partition: the others have theirs all the same. */
  readonly failed?: unknown;
}

/** The first offset of a partition that is still there, and the one after the last. */
export interface Bounds extends Place {
  readonly low: number;
  readonly high: number;
}

/** What an error says to a member of a group, or to a reader. */
export type Meaning = "evicted" | "rebalancing" | "out-of-range" | "none";

/**
 * What this adapter needs of a client of Kafka, request by request. It tries nothing again, and throws its own errors. One for a backend; `kafkajsPort`
 * makes it from kafkajs.
 */
export interface KafkaPort {
  /** The number of partitions of each topic that exists. */
  partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Throws where a partition of them cannot be read and written to yet. */
  readable(topics: readonly string[]): Promise<void>;
  settings(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;
  /** Can it read what is compressed so? As a topic's `compression.type` says it. */
  unfolds(compression: string): boolean;
  /** Topics that exist already stay as they are. */
  create(topics: readonly NewTopic[]): Promise<void>;
  /** Acknowledged by all replicas in sync. For each batch `undefined`, or why it was not written, or perhaps not. */
  produce(topic: string, batches: readonly Batch[]): Promise<readonly unknown[]>;
  /** A way to the brokers with connections of its own: a join may take long, and what is asked after it on the same connection waits. */
  link(): LogLink;
  classify(error: unknown): ErrorClass;
  meaning(error: unknown): Meaning;
  close(): Promise<void>;
}

export interface LogLink {
  join(
    group: string,
    member: { readonly id: string; readonly sessionMs: number; readonly claim: Claim },
  ): Promise<Joined>;
  /** Answers the member's own share, and the ids of which the leader has told it: `told`, by member. It may be told of all members. */
  sync(
    group: string,
    as: Standing,
    assignments: Assignments,
    told: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<{ readonly share: Share; readonly members: ReadonlySet<string> }>;
  heartbeat(group: string, as: Standing): Promise<void>;
  leave(group: string, memberId: string): Promise<void>;
  /** Without a standing: of a group that has no members. Throws where one of them was refused; the others may be written. */
  commit(group: string, as: Standing | undefined, commits: readonly Commit[]): Promise<void>;
  /** -1 where nothing was committed yet. */
  committed(group: string, share: Share): Promise<readonly Commit[]>;
  partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Another one for each topic there ever was, also of one name; `undefined`, or no such method: nobody can say. */
  logId?(topic: string): Promise<string | undefined>;
  /** The broker that has the partition, as far as it is known. */
  leaderOf(place: Place): string | undefined;
  /** Asks again who has what. */
  refresh(): Promise<void>;
  /**
   * Waits for so long for the first record. Brings at most so many bytes a partition, but at least one batch of the broker's. Throws where there is no answer;
   * what is wrong with one partition is in its part of it.
   */
  fetch(
    leader: string,
    asks: readonly (Place & { readonly offset: number })[],
    limits: { readonly waitMs: number; readonly partitionBytes: number },
  ): Promise<readonly Fetched[]>;
  bounds(share: Share): Promise<readonly Bounds[]>;
  /** Their second half alone: the offset after the last record of each. */
  ends(share: Share): Promise<readonly Omit<Bounds, "low">[]>;
  deleteBelow(places: readonly (Place & { readonly offset: number })[]): Promise<void>;
  close(): void;
}
