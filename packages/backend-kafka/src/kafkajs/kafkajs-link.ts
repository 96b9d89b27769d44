import { closed } from "../kafka-error.ts";
import { placesOf } from "../places.ts";
import type { Assignments, Bounds, Claim, Commit, Fetched, Joined, LogLink, Place, Share, Standing } from "../port.ts";
import { ask } from "./asking.ts";
import type { KafkajsBroker, KafkajsCluster } from "./cluster.ts";
import { commitRequest } from "./commit-request.ts";
import { fetchRequest } from "./fetch-request.ts";
import { decodeClaim, decodeShare, encodeClaim, encodeShare, PROTOCOL } from "./group-protocol.ts";
import { topicIdRequest } from "./topic-id-request.ts";

const READ_COMMITTED = 1;
const FETCH_BYTES = 8 * 1024 * 1024;
const EARLIEST = "-2";
const LATEST = "-1";

/** One cluster of kafkajs: connections of its own, what it knows of topics, and where groups are coordinated. */
export class KafkajsLink implements LogLink {
  readonly #cluster: KafkajsCluster;
  readonly #onClose: (link: KafkajsLink) => void;
  readonly #topics = new Set<string>();
  #isClosed = false;
  /** Of fetches: each begins with another partition. */
  #turn = 0;
  readonly #leaders = new Map<string, readonly (string | undefined)[]>();
  #leadersAsOf: unknown;
  readonly #coordinators = new Map<string, Promise<KafkajsBroker>>();

  /** `onClose` is told when it is closed. */
  constructor(cluster: KafkajsCluster, onClose: (link: KafkajsLink) => void = () => {}) {
    this.#cluster = cluster;
    this.#onClose = onClose;
  }

  async join(
    group: string,
    member: { readonly id: string; readonly sessionMs: number; readonly claim: Claim },
  ): Promise<Joined> {
    await this.#know(member.claim.topics);
    return this.#coordinated(group, async (broker) => {
      // A member that does not come back in the time of a session is as good as dead.
      const {
        generationId: generation,
        memberId,
        leaderId,
        members,
      } = await broker.joinGroup({
        groupId: group,
        sessionTimeout: member.sessionMs,
        rebalanceTimeout: member.sessionMs,
        memberId: member.id,
        groupProtocols: [{ name: PROTOCOL, metadata: encodeClaim(member.claim) }],
      });
      const all =
        memberId === leaderId
          ? members.map(({ memberId: id, memberMetadata }) => ({ id, claim: decodeClaim(memberMetadata) }))
          : [];
      return { memberId, generation, members: all };
    });
  }

  sync(
    group: string,
    as: Standing,
    assignments: Assignments,
    told: ReadonlyMap<string, ReadonlySet<string>>,
  ): ReturnType<LogLink["sync"]> {
    return this.#coordinated(group, async (broker) => {
      const { memberAssignment } = await broker.syncGroup({
        groupId: group,
        generationId: as.generation,
        memberId: as.memberId,
        groupAssignment: [...assignments].map(([memberId, share]) => ({
          memberId,
          memberAssignment: encodeShare(share, told.get(memberId)),
        })),
      });
      return decodeShare(memberAssignment);
    });
  }

  async heartbeat(group: string, { memberId, generation }: Standing): Promise<void> {
    await this.#coordinated(group, (broker) =>
      broker.heartbeat({ groupId: group, groupGenerationId: generation, memberId }),
    );
  }

  async leave(group: string, memberId: string): Promise<void> {
    await this.#coordinated(group, (broker) => broker.leaveGroup({ groupId: group, memberId }));
  }

  async commit(group: string, as: Standing | undefined, commits: readonly Commit[]): Promise<void> {
    await this.#know(commits.map(({ topic }) => topic));
    await this.#coordinated(group, (broker) => ask(broker, commitRequest(group, as, commits)));
  }

  async committed(group: string, share: Share): Promise<readonly Commit[]> {
    await this.#know([...share.keys()]);
    const topics = [...share].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map((partition) => ({ partition })),
    }));
    return this.#coordinated(group, async (broker) => {
      const { responses } = await broker.offsetFetch({ groupId: group, topics });
      return responses.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset, metadata }) => ({
          topic,
          partition,
          offset: Number(offset),
          note: metadata ?? "",
        })),
      );
    });
  }

  async partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    await this.#know(topics);
    // From time to time: there may be more partitions by now.
    await this.#cluster.refreshMetadataIfNecessary().catch(() => {});
    const count = (topic: string) => this.#cluster.findTopicPartitionMetadata(topic).length;
    // One that was not there may be by now.
    if (topics.some((topic) => count(topic) === 0)) await this.#cluster.refreshMetadata();
    return new Map(topics.map((topic) => [topic, count(topic)] as const).filter(([, partitions]) => partitions > 0));
  }

  async logId(topic: string): Promise<string | undefined> {
    await this.#know([topic]);
    const leader = this.leaderOf({ topic, partition: 0 });
    return leader === undefined ? undefined : ask(await this.broker(leader), topicIdRequest(topic));
  }

  leaderOf({ topic, partition }: Place): string | undefined {
    // Of a cluster that was closed kafkajs knows nothing any more, and throws.
    if (this.#isClosed || !this.#topics.has(topic)) return undefined;
    // kafkajs looks through all topics each time; what it knows changes with this object.
    const known = this.#cluster.brokerPool.metadata;
    if (known !== this.#leadersAsOf) this.#leaders.clear();
    this.#leadersAsOf = known;
    let leaders = this.#leaders.get(topic);
    if (leaders === undefined) {
      leaders = leadersOf(this.#cluster.findTopicPartitionMetadata(topic));
      this.#leaders.set(topic, leaders);
    }
    return leaders[partition];
  }

  async refresh(): Promise<void> {
    if (this.#isClosed || this.#topics.size === 0) return;
    await this.#cluster.refreshMetadata();
  }

  async fetch(
    leader: string,
    asks: readonly (Place & { readonly offset: number })[],
    limits: { readonly waitMs: number; readonly partitionBytes: number },
  ): Promise<readonly Fetched[]> {
    const broker = await this.broker(leader);
    this.#turn += 1;
    return ask(broker, fetchRequest(asks, { ...limits, allBytes: FETCH_BYTES }, this.#turn));
  }

  async bounds(share: Share): Promise<readonly Bounds[]> {
    const [lows, ends] = await Promise.all([this.#offsets(share, EARLIEST), this.ends(share)]);
    return lows.map(({ topic, partition, offset: low }) => {
      const high = ends.find((one) => one.topic === topic && one.partition === partition)?.high ?? low;
      return { topic, partition, low, high };
    });
  }

  async ends(share: Share): Promise<readonly Omit<Bounds, "low">[]> {
    const ends = await this.#offsets(share, LATEST);
    return ends.map(({ topic, partition, offset: high }) => ({ topic, partition, high }));
  }

  async deleteBelow(places: readonly (Place & { readonly offset: number })[]): Promise<void> {
    await this.#perLeader(places, async (broker, own) => {
      await broker.deleteRecords({
        topics: byTopic(own, ({ partition, offset }) => ({ partition, offset: String(offset) })),
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#onClose(this);
    // Waits for what is under way: nobody has to wait for that.
    void this.#cluster.disconnect().catch(() => {});
  }

  /** Throws where the broker is not to be reached. */
  async broker(nodeId: string): Promise<KafkajsBroker> {
    this.#mustBeOpen();
    return this.#cluster.findBroker({ nodeId });
  }

  /** What of these each leader has. Throws where one has none. */
  async byLeader<P extends Place>(places: readonly P[]): Promise<ReadonlyMap<string, readonly P[]>> {
    await this.#know(places.map(({ topic }) => topic));
    const leaders = new Map<string, P[]>();
    for (const place of places) {
      const leader = this.leaderOf(place) ?? (await this.#found(place));
      const own = leaders.get(leader);
      if (own === undefined) leaders.set(leader, [place]);
      else own.push(place);
    }
    return leaders;
  }

  async #found(place: Place): Promise<string> {
    // There may be one by now.
    await this.refresh().catch(() => {});
    const leader = this.leaderOf(place);
    if (leader !== undefined) return leader;
    const { topic, partition } = place;
    const isThere = this.#cluster.findTopicPartitionMetadata(topic).length > 0;
    throw Object.assign(new Error(`no broker has partition ${partition} of the topic ${topic}`), {
      type: isThere ? "LEADER_NOT_AVAILABLE" : "UNKNOWN_TOPIC_OR_PARTITION",
    });
  }

  async #offsets(share: Share, timestamp: string): Promise<readonly (Place & { readonly offset: number })[]> {
    const found = await this.#perLeader(placesOf(share), async (broker, own) => {
      const topics = byTopic(own, ({ partition }) => ({ partition, timestamp }));
      const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel: READ_COMMITTED, topics });
      return responses.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
      );
    });
    return found.flat();
  }

  async #perLeader<P extends Place, R>(
    places: readonly P[],
    ask: (broker: KafkajsBroker, own: readonly P[]) => Promise<R>,
  ): Promise<R[]> {
    const leaders = await this.byLeader(places);
    return Promise.all([...leaders].map(async ([leader, own]) => ask(await this.broker(leader), own))).catch(
      async (error: unknown) => {
        // Another broker may have them by now.
        await this.refresh().catch(() => {});
        throw error;
      },
    );
  }

  /** A coordinator that has failed may not be the coordinator any more. */
  async #coordinated<R>(group: string, ask: (broker: KafkajsBroker) => Promise<R>): Promise<R> {
    this.#mustBeOpen();
    let broker = this.#coordinators.get(group);
    if (broker === undefined) {
      broker = this.#cluster.findGroupCoordinator({ groupId: group });
      this.#coordinators.set(group, broker);
    }
    try {
      return await ask(await broker);
    } catch (error) {
      if (this.#coordinators.get(group) === broker) this.#coordinators.delete(group);
      throw error;
    }
  }

  #mustBeOpen(): void {
    // kafkajs would connect anew, and nobody would end that.
    if (this.#isClosed) throw closed();
  }

  async #know(topics: readonly string[]): Promise<void> {
    this.#mustBeOpen();
    const unknown = [...new Set(topics)].filter((topic) => !this.#topics.has(topic));
    // Brokers are known by what is known of topics; to ask for none would be to ask for all.
    if (unknown.length === 0) return;
    await this.#cluster.connect();
    this.#mustBeOpen();
    await this.#cluster.addMultipleTargetTopics(unknown);
    for (const topic of unknown) this.#topics.add(topic);
  }
}

/** By partition. */
function leadersOf(metadata: ReturnType<KafkajsCluster["findTopicPartitionMetadata"]>): (string | undefined)[] {
  const leaders: (string | undefined)[] = [];
  for (const { partitionId, leader } of metadata)
    leaders[partitionId] = leader === null || leader === undefined || leader < 0 ? undefined : String(leader);
  return leaders;
}

function byTopic<P extends Place, R>(
  places: readonly P[],
  make: (place: P) => R,
): { topic: string; partitions: R[] }[] {
  const topics = new Map<string, R[]>();
  for (const place of places) {
    const partitions = topics.get(place.topic);
    if (partitions === undefined) topics.set(place.topic, [make(place)]);
    else partitions.push(make(place));
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
