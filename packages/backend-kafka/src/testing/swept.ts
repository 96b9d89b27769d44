import type { Backend } from "@org/dispatch-core/contract";
import { Kafka, logLevel } from "kafkajs";

/**
 * Removes the topics of a namespace when its last backend has closed: a broker with the topics of a whole suite, some thousand partitions, gets slow. By a
 * client of its own each time, since one that knows a topic that is gone is of no use any more.
 */
export class Sweeper {
  readonly #url: string;
  readonly #open = new Map<string, number>();

  constructor(url: string) {
    this.#url = url;
  }

  /** `namespace`: what the names of its topics begin with. */
  swept<B extends Backend>(namespace: string, backend: B): B {
    this.#open.set(namespace, (this.#open.get(namespace) ?? 0) + 1);
    const close = backend.close.bind(backend);
    let closed: Promise<void> | undefined;
    return Object.assign(backend, {
      close: () => {
        closed ??= close().finally(() => this.#left(namespace));
        return closed;
      },
    });
  }

  async #left(namespace: string): Promise<void> {
    const left = (this.#open.get(namespace) ?? 1) - 1;
    this.#open.set(namespace, left);
    if (left > 0) return;
    // The broker may be away: then they stay.
    await removeTopics(this.#url, namespace).catch(() => {});
  }
}

export async function removeTopics(url: string, namespace: string): Promise<void> {
  const brokers = url.replace("kafka://", "").split(",");
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 1 } }).admin();
  try {
    await admin.connect();
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${namespace}.`));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
