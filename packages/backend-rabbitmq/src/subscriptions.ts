import type { Clock } from "@org/dispatch-core/contract";
import type { Channel, ConsumeMessage } from "amqplib";
import { type Consumer, openOf } from "./receipt.ts";
import { Stillness } from "./stillness.ts";

/** What receives ask for now. */
export interface Wanted {
  /** No more than can be held. */
  readonly frames: number;
  /** Does one of them wait for what may come? */
  readonly stands: boolean;
}

export interface SubscriptionsPort {
  readonly channel: Channel;
  readonly queueName: string;
  readonly clock: Clock;
  /** Does the server count what is on its way to a consumer that is cancelled, as quorum queues before 4.3 do? */
  readonly countsCancelled: boolean;
  readonly wanted: () => Wanted;
  readonly take: (consumer: Consumer, message: ConsumeMessage | null) => void;
  /** A consumer could not be made. */
  readonly failed: (error: unknown) => void;
  /** Until the end of a pause nothing may be settled: that would bring more. */
  readonly paused: (isPaused: boolean) => void;
}

/** More subscriptions than these are made one. */
const MOST_CONSUMERS = 16;

/**
 * The consumers of one channel. Credit is what they may still bring: there is a further one for what is missing, since their windows cannot be widened.
 *
 * Where the server counts what is on its way to a consumer that is cancelled, windows are to be full when that happens: they are no wider than the queue
 * is long, and those that have filled, and would be opened again by acks for what may not be there, are cancelled at once.
 */
export class Subscriptions {
  readonly #port: SubscriptionsPort;
  readonly #stillness: Stillness;
  #consumers: Consumer[] = [];
  #made = 0;
  /** The latest, as long as the server has not answered. */
  #making: Promise<void> | undefined;
  readonly #cancels = new Set<Promise<void>>();
  /** One more for each stop: who looked before it subscribes to nothing after it. */
  #stops = 0;
  #isLooking = false;
  /** What the queue still had when it was looked at, without what came since. */
  #ready = 0;
  #pauses = 0;
  #isOver = false;

  constructor(port: SubscriptionsPort) {
    this.#port = port;
    this.#stillness = new Stillness(port);
  }

  /** Resolves when the server knows of the latest; nothing where it does. */
  get making(): Promise<void> | undefined {
    return this.#making;
  }

  /** So many frames more may come; no more than `room` can be held. */
  widen(frames: number, room: number): void {
    const open = openOf(this.#consumers);
    const missing = Math.min(frames, room) - open;
    if (missing <= 0 || this.#isLooking) return;
    if (this.#port.countsCancelled) this.#make(this.#subscribeToWhatIsThere());
    else if (this.#consumers.length < MOST_CONSUMERS) this.#make(this.#subscribe(missing));
    else {
      const held = this.#consumers.reduce((all, { unacked }) => all + unacked, 0);
      this.#cancel(this.#consumers);
      this.#make(this.#subscribe(Math.min(room + held, missing + open + held)));
    }
  }

  /** Nothing more may come; resolves when nothing more is on its way. */
  async stop(): Promise<void> {
    this.#stops += 1;
    this.#cancel(this.#consumers);
    await Promise.all(this.#cancels);
  }

  end(): void {
    this.#isOver = true;
    this.#consumers = [];
    this.#stops += 1;
    this.#stillness.end();
  }

  get #width(): number {
    return this.#consumers.reduce((all, { prefetch }) => all + prefetch, 0);
  }

  #make(making: Promise<void>): void {
    const made: Promise<void> = making.then(
      () => {
        if (this.#making === made) this.#making = undefined;
      },
      (error: unknown) => {
        this.#port.failed(error);
        throw error;
      },
    );
    made.catch(() => {});
    this.#making = made;
  }

  async #subscribe(prefetch: number): Promise<void> {
    const { channel, queueName, failed } = this.#port;
    this.#made += 1;
    const consumer: Consumer = { tag: `dispatch-${this.#made}`, prefetch, unacked: 0 };
    this.#consumers.push(consumer);
    this.#stillness.disturb();
    channel.prefetch(prefetch).catch(failed);
    await channel.consume(queueName, (message) => this.#came(consumer, message), { consumerTag: consumer.tag });
  }

  /** It takes a while to look: what was wanted then may not be now. */
  async #subscribeToWhatIsThere(): Promise<void> {
    const { channel, queueName, wanted } = this.#port;
    const stops = this.#stops;
    this.#isLooking = true;
    const looked = channel.checkQueue(queueName).finally(() => {
      this.#isLooking = false;
    });
    this.#ready = (await looked).messageCount;
    const open = openOf(this.#consumers);
    const { frames, stands } = wanted();
    // On an empty queue one is waited for.
    const comes = this.#ready === 0 && stands && open === 0 ? 1 : this.#ready;
    const missing = Math.min(frames - open, comes);
    if (stops !== this.#stops || missing <= 0) return;
    if (this.#consumers.length >= MOST_CONSUMERS) this.#cancel(this.#consumers);
    await this.#subscribe(missing);
  }

  #came(consumer: Consumer, message: ConsumeMessage | null): void {
    const { take, countsCancelled } = this.#port;
    take(consumer, message);
    if (!countsCancelled || message === null) return;
    this.#stillness.disturb();
    this.#ready -= 1;
    const isCancelled = !this.#consumers.includes(consumer);
    if (!isCancelled && openOf([consumer]) === 0 && this.#ready < this.#width) this.#cancel([consumer]);
  }

  #cancel(consumers: readonly Consumer[]): void {
    if (consumers.length === 0) return;
    this.#consumers = this.#consumers.filter((consumer) => !consumers.includes(consumer));
    const cancelled = this.#port.countsCancelled ? this.#cancelStill(consumers) : this.#end(consumers);
    this.#cancels.add(cancelled);
    cancelled.catch(() => {}).finally(() => this.#cancels.delete(cancelled));
  }

  async #cancelStill(consumers: readonly Consumer[]): Promise<void> {
    this.#pause(1);
    try {
      await this.#stillness.of(consumers);
      await this.#end(consumers);
    } finally {
      this.#pause(-1);
    }
  }

  async #end(consumers: readonly Consumer[]): Promise<void> {
    if (this.#isOver) return;
    await Promise.all(consumers.map(({ tag }) => this.#port.channel.cancel(tag)));
  }

  #pause(by: 1 | -1): void {
    const wasPaused = this.#pauses > 0;
    this.#pauses += by;
    const isPaused = this.#pauses > 0;
    if (isPaused !== wasPaused) this.#port.paused(isPaused);
  }
}
