import type { Kafka } from "kafkajs";

/** A broker of kafkajs: one request each, as its protocol has them. Beside what its types tell, what its own consumer uses. */
export interface KafkajsBroker {
  readonly connectionPool: ConnectionPool;
  /** What it can, by the number of the request. */
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null;
  disconnect(): Promise<void>;
  joinGroup(request: {
    readonly groupId: string;
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    readonly memberId: string;
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  }): Promise<{
    readonly generationId: number;
    readonly leaderId: string;
    readonly memberId: string;
    readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
  }>;
  syncGroup(request: {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
  }): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
  }): Promise<unknown>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly TopicOf<{ readonly partition: number }>[];
  }): Promise<{
    readonly responses: readonly TopicOf<{
      readonly partition: number;
      readonly offset: string;
      readonly metadata: string | null;
    }>[];
  }>;
  produce(request: {
    readonly acks: number;
    readonly timeout: number;
    readonly compression: number;
    readonly topicData: readonly TopicOf<{
      readonly partition: number;
      readonly messages: readonly { readonly key: Uint8Array | string | null; readonly value: Uint8Array }[];
    }>[];
  }): Promise<KafkajsProduced>;
  listOffsets(request: {
    readonly replicaId: number;
    readonly isolationLevel: number;
    readonly topics: readonly TopicOf<{ readonly partition: number; readonly timestamp: string }>[];
  }): Promise<{ readonly responses: readonly TopicOf<{ readonly partition: number; readonly offset: string }>[] }>;
  deleteRecords(request: {
    readonly topics: readonly TopicOf<{ readonly partition: number; readonly offset: string }>[];
  }): Promise<unknown>;
  createTopics(request: {
    readonly topics: readonly {
      readonly topic: string;
      readonly numPartitions: number;
      readonly replicationFactor: number;
      readonly configEntries: readonly { readonly name: string; readonly value: string }[];
    }[];
  }): Promise<unknown>;
  describeConfigs(request: {
    readonly resources: readonly { readonly type: number; readonly name: string }[];
  }): Promise<{
    readonly resources: readonly {
      readonly resourceName: string;
      readonly configEntries: readonly { readonly configName: string; readonly configValue: string }[];
    }[];
  }>;
}

/** What became of each partition, also where it was refused. */
export interface KafkajsProduced {
  readonly topics: readonly {
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}

interface TopicOf<P> {
  readonly topic: string;
  readonly partitions: readonly P[];
}

/** A request of kafkajs's, and how its answer is read: `parse` throws where something in it failed. */
interface Asking {
  readonly request: { readonly apiKey: number };
  readonly response: { parse(answer: unknown): Promise<unknown> };
}

interface Metadata {
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly partitionMetadata: readonly { readonly partitionErrorCode: number }[];
  }[];
}

/** The connections to one broker: one for fetches, one for all else. */
interface ConnectionPool {
  readonly pool: readonly KafkajsConnection[];
  isConnected(): boolean;
  /** Sends a request of kafkajs's, and answers what its `parse` makes of the answer. */
  send(asking: Asking): Promise<unknown>;
  /** Called when the broker has said what it can. */
  setVersions(versions: unknown): void;
  /** Makes it where it is not there. */
  getConnectionByRequest(asking: { readonly request: { readonly apiKey: number } }): Promise<KafkajsConnection>;
}

export interface KafkajsConnection {
  readonly clientId: string;
  readonly socket: { write(bytes: Buffer): unknown };
  readonly requestQueue: RequestQueue;
  /** Never where nobody logs in. */
  isAuthenticated(): boolean;
  /** Does nothing where it is, or need not be. */
  authenticate(): Promise<void>;
  failIfNotConnected(): void;
  nextCorrelationId(): number;
}

/** What is under way on a connection, and for how long. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
  maybeThrottle(ms: number): void;
  push(request: {
    readonly entry: {
      readonly apiKey: number;
      readonly apiName: string;
      readonly apiVersion: number;
      readonly correlationId: number;
      resolve(answer: { readonly payload: Buffer }): void;
      reject(error: unknown): void;
    };
    readonly expectResponse: boolean;
    sendRequest(): void;
  }): void;
}

/** kafkajs's view of the brokers, with connections of its own. It is what kafkajs gives to whoever assigns partitions. */
export interface KafkajsCluster {
  /** Makes all connections there are. */
  readonly connectionPoolBuilder: { build(to?: object): Promise<ConnectionPool> };
  readonly brokerPool: { readonly metadata: unknown };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findTopicPartitionMetadata(
    topic: string,
  ): readonly { readonly partitionId: number; readonly leader: number | null }[];
  findBroker(node: { readonly nodeId: string | number }): Promise<KafkajsBroker>;
  findControllerBroker(): Promise<KafkajsBroker>;
  findGroupCoordinator(group: { readonly groupId: string }): Promise<KafkajsBroker>;
}

/** So long may pass until a topic's new partitions are seen; kafkajs's own is 5 min, in which a coordinator's replies would come where it does not look. */
const METADATA_MS = 30_000;

/**
 * A cluster of the client's. A consumer that is never run is made for it: its assigner is the place where kafkajs hands one out, whatever the client was
 * made with. kafkajs's own consumer would commit under whatever generation it has by then, could not go on where it was after a rebalance, and waits out a
 * fetch before it notices that a partition is wanted again.
 */
export function clusterOf(client: Pick<Kafka, "consumer">): KafkajsCluster {
  let found: unknown;
  client.consumer({
    groupId: "dispatch",
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MS,
    retry: { retries: 0 },
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return {
          name: "dispatch",
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: "dispatch", metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  const cluster = found as KafkajsCluster;
  const { connectionPoolBuilder: builder } = cluster;
  const build = builder.build.bind(builder);
  builder.build = async (to) => apart(whole(quiet(await build(to))));
  return cluster;
}

/**
 * A connection of kafkajs looks every millisecond whether a request waits that it was told to hold back, also while there is none: 3 % of a CPU for
 * nothing, and Node warns of a time that is negative (kafkajs issue 1751). It need not look where nothing waits.
 */
function quiet(connections: ConnectionPool): ConnectionPool {
  for (const { requestQueue } of connections.pool) {
    const check = requestQueue.scheduleCheckPendingRequests;
    requestQueue.scheduleCheckPendingRequests = function (this: RequestQueue) {
      if (this.pending.length > 0) check.call(this);
    };
  }
  return connections;
}

/**
 * kafkajs takes a broker for connected that has not said yet what it can. Where it did not do so in time, since it stood still, say, it was never asked again,
 * and all that it was asked for failed for good ("Broker not connected"). It is connected when it has said so.
 */
function whole(connections: ConnectionPool): ConnectionPool {
  const { isConnected, setVersions } = connections;
  let isKnown = false;
  connections.isConnected = () => isKnown && isConnected.call(connections);
  connections.setVersions = (versions) => {
    isKnown = Boolean(versions);
    setVersions.call(connections, versions);
  };
  return connections;
}

const PRODUCE = 0;
const METADATA = 3;
const UNKNOWN_TOPIC = 3;
const LEADER_NOT_AVAILABLE = 5;

/**
 * Of a topic that was deleted, or a partition without a leader, kafkajs throws, so that it learned nothing of all others it asked for, for as long as that lasts.
 * Here the topic has no partitions, and the partition no leader. Of a produce it throws what the first partition was refused for, as if nothing were written: here it
 * answers what became of each.
 */
function apart(connections: ConnectionPool): ConnectionPool {
  const { send } = connections;
  connections.send = ({ request, response, ...rest }) => {
    const parse = async (answer: unknown) => {
      if (request.apiKey === PRODUCE) return answer;
      return response.parse(request.apiKey === METADATA ? told(answer as Metadata) : answer);
    };
    return send.call(connections, { ...rest, request, response: { ...response, parse } });
  };
  return connections;
}

function told({ topicMetadata, ...rest }: Metadata): Metadata {
  return {
    ...rest,
    topicMetadata: topicMetadata.map((topic) => ({
      ...topic,
      ...(topic.topicErrorCode === UNKNOWN_TOPIC && { topicErrorCode: 0 }),
      partitionMetadata: topic.partitionMetadata.map((partition) => ({
        ...partition,
        ...(partition.partitionErrorCode === LEADER_NOT_AVAILABLE && { partitionErrorCode: 0, leader: -1 }),
      })),
    })),
  };
}
