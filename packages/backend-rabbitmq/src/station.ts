import {
  type Clock,
  type Depth,
  type OutFrame,
  type Queue,
  queueKey,
  type SendOutcome,
} from "@org/dispatch-core/contract";
import { bounded } from "./bounded.ts";
import { Holding } from "./holding.ts";
import { MOST_DELAY_MS } from "./ladder.ts";
import { type Line, Link } from "./link.ts";
import { Looking } from "./looking.ts";
import type { Message } from "./message.ts";
import type { Settings } from "./options.ts";
import { MISSED_HEARTBEATS } from "./profile.ts";
import { Publisher, tooLarge } from "./publisher.ts";
import { RabbitRefusal } from "./rabbit-error.ts";
import { Source } from "./source.ts";
import { Topology } from "./topology.ts";

/** What is given back at the end, and cannot be, comes back when its connection ends. */
const END_MS = 5_000;

/** All that one backend has at the broker, from its first `open` on. */
export class Station {
  readonly topology: Topology;
  readonly consuming: Link;
  readonly holding: Holding;
  readonly looking: Looking;
  readonly sources = new Map<string, Source>();
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #publishing: Link;
  readonly #publisher: Publisher;

  constructor(settings: Settings, clock: Clock, leaseMs: number) {
    const { dial } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.topology = new Topology(settings);
    // Half a lease is long enough to notice that somebody is gone.
    const heartbeatMs = Math.min(settings.heartbeatMs, leaseMs / 2 / MISSED_HEARTBEATS);
    const heartbeatS = Math.max(1, Math.floor(heartbeatMs / 1_000));
    const restore = (line: Line, signal: AbortSignal) => this.topology.restore(line, signal);
    this.consuming = new Link({
      clock,
      dial,
      heartbeatS,
      restore,
      opened: () => {
        for (const source of this.sources.values()) source.connected();
      },
    });
    // Either may be back first, and what is sent before the queues are there would be "gone".
    this.#publishing = new Link({ clock, dial, heartbeatS, restore });
    this.#publisher = new Publisher(this.#publishing);
    this.looking = new Looking(this.consuming, clock);
    this.holding = new Holding({
      publisher: this.#publisher,
      nameOf: ({ queue }) => this.topology.nameOf(queue),
      persistent: settings.durable,
      countsReleases: () => this.#isFlagged || !this.consuming.line.isAtLeast(4, 3),
    });
  }

  /** Are queues classic, which tell of earlier holders by a flag only? */
  get #isFlagged(): boolean {
    const { durable, priority } = this.#settings;
    return !durable || priority === "classic";
  }

  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([this.consuming.start(signal), this.#publishing.start(signal)]);
  }

  async addSource(queue: Queue, signal: AbortSignal): Promise<void> {
    const key = queueKey(queue);
    let source = this.sources.get(key);
    if (source === undefined) {
      source = new Source({
        queue,
        queueName: this.topology.nameOf(queue),
        link: this.consuming,
        clock: this.#clock,
        prefetchCount: this.#settings.prefetchCount,
        isFlagged: this.#isFlagged,
        giveBack: (receipts) => this.holding.giveBack(receipts, AbortSignal.timeout(END_MS)),
      });
      this.sources.set(key, source);
    }
    await bounded(source.ready(), signal);
  }

  async send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    const name = this.topology.nameOf(queue);
    return this.#publisher.publish(
      frames.map((frame) => this.#refused(queue, frame) ?? this.#message(name, frame)),
      signal,
    );
  }

  async depth(queue: Queue, signal: AbortSignal): Promise<Depth> {
    const name = this.topology.nameOf(queue);
    const { messageCount } = await this.consuming.line.on((channel) => channel.checkQueue(name), signal);
    const { leased, waiting } = this.sources.get(queueKey(queue))?.counts ?? { leased: 0, waiting: 0 };
    return { ready: messageCount + waiting, leased, delayed: 0, exact: false };
  }

  async purge(queue: Queue, signal: AbortSignal): Promise<number> {
    await this.sources.get(queueKey(queue))?.takeBack(signal);
    const name = this.topology.nameOf(queue);
    const { messageCount } = await this.consuming.line.on((channel) => channel.purgeQueue(name), signal);
    return messageCount;
  }

  async remove(queue: Queue, signal: AbortSignal): Promise<void> {
    const key = queueKey(queue);
    const name = this.topology.nameOf(queue);
    this.sources.get(key)?.forget();
    this.sources.delete(key);
    this.topology.forget(queue);
    await this.consuming.line.on((channel) => channel.deleteQueue(name), signal);
  }

  async close(): Promise<void> {
    this.looking.close();
    const signal = AbortSignal.timeout(END_MS);
    await Promise.allSettled([...this.sources.values()].map((source) => source.close(signal)));
    await Promise.allSettled([this.consuming.close(), this.#publishing.close()]);
  }

  #refused(queue: Queue, frame: OutFrame): SendOutcome | undefined {
    const { delayMs } = frame;
    if (delayMs > MOST_DELAY_MS) return refusal(`a send is delayed by ${MOST_DELAY_MS} ms at most, not ${delayMs}`);
    if (delayMs > 0 && queue.role === "reply") return refusal("nothing is sent to a reply queue for later");
    return tooLarge(frame, this.#settings.frameBytes);
  }

  #message(queueName: string, { bytes, priority, delayMs }: OutFrame): Message {
    const { ladder, durable, priority: strategy } = this.#settings;
    const route = delayMs > 0 ? ladder.route(queueName, delayMs) : { exchange: "", key: queueName };
    const persistent = durable || delayMs > 0;
    return { route, bytes, options: strategy === "lanes" ? { persistent } : { persistent, priority } };
  }
}

function refusal(message: string): SendOutcome {
  return { failed: new RabbitRefusal("MISMATCH", message) };
}
