/** The backends that `./dev conformance` knows. A broker joins by one entry, when its package is in the tree. */
import type { Backend } from "../../packages/core/dist/contract.js";
import { type Character, memory } from "../../packages/core/dist/memory.js";
import { type Session, throughProxy } from "../../packages/testkit/dist/index.js";
import { bentRedis } from "./bent-redis.ts";
import { bentSession } from "./bent-wires.ts";

/** What `./dev services up` says of a server, as far as it is used here. */
export interface Service {
  readonly service: string;
  readonly version: string;
  readonly url: string;
  readonly config: string;
  /** `null` where the server is not ours to stop. */
  readonly pid: number | readonly number[] | null;
}

/** A backend to run the suite on: one of this process, or an adapter and the server that it talks to. */
export interface Subject {
  /** Its server, as `./dev services` calls it; absent: it needs none. */
  readonly service?: string;
  /** The folder of its adapter in `packages`; absent: it is core's. */
  readonly adapter?: string;
  /** What of an acknowledged send is safe, as `./dev services` sets its server up and as the adapter sends; absent: nothing outlives the process. */
  readonly durability?: string;
  /** What the adapter is made with beside address and namespace: sessions that are short, partitions that are few. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** How a session gets wires of its own, which can break as those of another process. */
  readonly session?: (url: string, make: (options: Readonly<Record<string, unknown>>) => Backend) => Session;
  /** Makes the factory; `service` where there is one. */
  readonly factory?: () => (namespace: string) => Backend;
}

const inMemory = (character?: Character): Subject => ({
  factory: () => (namespace) => (character === undefined ? memory({ namespace }) : memory({ namespace, character })),
});
const broker = (service: string, adapter: string, more: Partial<Subject> = {}): Subject => ({
  service,
  adapter,
  ...more,
});

const bentSingle: Subject["session"] = (url, make) => bentRedis((connection) => make({ url, connection }));

const APPEND_ONLY = "appendonly yes, appendfsync everysec, no replica";

export const subjects: Readonly<Record<string, Subject>> = {
  memory: inMemory(),
  "memory-as-redis": inMemory("redis"),
  "memory-as-sqs": inMemory("sqs"),
  "memory-as-rabbitmq": inMemory("rabbitmq"),
  "memory-as-kafka": inMemory("kafka"),
  redis: broker("redis", "backend-redis", { session: bentSingle, durability: APPEND_ONLY }),
  valkey: broker("valkey", "backend-redis", { session: bentSingle, durability: APPEND_ONLY }),
  sqs: broker("sqs", "backend-sqs", {
    durability: "ElasticMQ's messages-storage on disk, WRITE_DELAY=0",
    // Cases wait for drains, which are as long as polls.
    options: { longPollingMs: 1_000 },
    session(url, make) {
      const { hostname: host, port } = new URL(url);
      return throughProxy({ host, port: Number(port) }, (door) =>
        make({ url: `sqs+http://${door.host}:${door.port}` }),
      );
    },
  }),
  rabbitmq: broker("rabbitmq", "backend-rabbitmq", {
    durability: "quorum queues of one node, publisher confirms",
    options: { heartbeatMs: 1_000 },
    session(url, make) {
      const [first = url] = url.split(",");
      const { hostname: host, port } = new URL(first);
      return throughProxy({ host, port: Number(port) }, (door) => make({ url: first, ...door }));
    },
  }),
  kafka: broker("kafka", "backend-kafka", {
    durability: "acks=all, replication factor 1",
    options: { partitions: 3, sessionTimeoutMs: 3_000 },
    session: (url, make) => bentSession((socketFactory) => make({ url, connection: { socketFactory } })),
  }),
};
