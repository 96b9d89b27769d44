import { EventEmitter } from "node:events";
import type { VirtualClock } from "@org/dispatch-core";
import type { Channel, ConsumeMessage } from "amqplib";

/** From here to the server. */
const WAY_MS = 2;

interface PlayedConsumer {
  readonly prefetch: number;
  readonly onMessage: (message: ConsumeMessage) => void;
  unacked: number;
  /** Tags that are on their way to the client. */
  readonly underWay: Set<number>;
  isCancelled: boolean;
}

/**
 * A channel to one quorum queue of a server before 4.3, on a clock: all that is said is heard `WAY_MS` later, and in order. What is on its way to a consumer
 * when its cancel arrives goes back, and counts.
 */
export class PlayedChannel extends EventEmitter {
  /** What lies in the queue. */
  ready: number;
  /** Messages that show a holder whom they never had. */
  counted = 0;
  /** What the server has heard, in order. */
  readonly heard: string[] = [];
  readonly #clock: VirtualClock;
  readonly #consumers = new Map<string, PlayedConsumer>();
  readonly #holders = new Map<number, PlayedConsumer>();
  #prefetch = 0;
  #tag = 0;

  constructor(clock: VirtualClock, ready: number) {
    super();
    this.#clock = clock;
    this.ready = ready;
  }

  get asChannel(): Channel {
    return this as unknown as Channel;
  }

  send(messages: number): void {
    this.ready += messages;
    this.#handOut();
  }

  async prefetch(count: number): Promise<void> {
    await this.#say(() => {
      this.#prefetch = count;
    });
  }

  async consume(_: string, onMessage: (message: ConsumeMessage) => void, options: { readonly consumerTag: string }) {
    await this.#say(() => {
      const { consumerTag } = options;
      this.heard.push(`consume ${this.#prefetch}`);
      const underWay = new Set<number>();
      this.#consumers.set(consumerTag, {
        prefetch: this.#prefetch,
        onMessage,
        unacked: 0,
        underWay,
        isCancelled: false,
      });
      this.#handOut();
    });
  }

  async cancel(consumerTag: string): Promise<void> {
    await this.#say(() => {
      this.heard.push("cancel");
      const consumer = this.#consumers.get(consumerTag) as PlayedConsumer;
      consumer.isCancelled = true;
      this.#consumers.delete(consumerTag);
      this.counted += consumer.underWay.size;
      this.ready += consumer.underWay.size;
      this.#handOut();
    });
  }

  async checkQueue(): Promise<{ readonly messageCount: number }> {
    return { messageCount: await this.#say(() => this.ready) };
  }

  ack({ fields: { deliveryTag } }: ConsumeMessage, upTo = false): void {
    void this.#say(() => {
      this.heard.push(`ack ${upTo ? "up to " : ""}${deliveryTag}`);
      for (const [tag, consumer] of this.#holders) {
        if (tag !== deliveryTag && !(upTo && tag < deliveryTag)) continue;
        this.#holders.delete(tag);
        consumer.unacked -= 1;
      }
      this.#handOut();
    });
  }

  async close(): Promise<void> {}

  #handOut(): void {
    for (const consumer of this.#consumers.values()) {
      for (; this.ready > 0 && consumer.unacked < consumer.prefetch; this.ready -= 1) {
        this.#tag += 1;
        const deliveryTag = this.#tag;
        consumer.unacked += 1;
        consumer.underWay.add(deliveryTag);
        this.#holders.set(deliveryTag, consumer);
        this.#clock.after(WAY_MS, () => {
          if (consumer.isCancelled) return;
          consumer.underWay.delete(deliveryTag);
          consumer.onMessage({ fields: { deliveryTag }, properties: {} } as ConsumeMessage);
        });
      }
    }
  }

  #say<T>(hear: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#clock.after(WAY_MS, () => {
        const answer = hear();
        this.#clock.after(WAY_MS, () => resolve(answer));
      });
    });
  }
}
