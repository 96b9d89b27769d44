import { SessionLeases } from "@org/dispatch-core/adapter-kit";
import {
  type Backend,
  type BrowsePage,
  type Clock,
  type Delivery,
  type Depth,
  type Doubt,
  type ErrorClass,
  type HoldOutcome,
  type OpenOptions,
  type OutFrame,
  type Page,
  type Profile,
  type Queue,
  queueKey,
  type Receipt,
  type SendOutcome,
  type Settlement,
  type Want,
} from "@org/dispatch-core/contract";
import { GroupMembership } from "./group-membership.ts";
import { closed, KafkaRefusal } from "./kafka-error.ts";
import { LogConsumer } from "./log-consumer.ts";
import { Looking } from "./looking.ts";
import { spotOf } from "./names.ts";
import { type KafkaBackendOptions, resolveOptions, type Settings } from "./options.ts";
import type { LogRecord } from "./port.ts";
import { ACK_LAG_MS, kafkaProfile } from "./profile.ts";
import { untilReady } from "./readiness.ts";
import { LogReceipt, type ReceiptHome } from "./receipt.ts";
import { ReplyPlaces } from "./reply-places.ts";
import { Sending } from "./sending.ts";
import { unlessAborted } from "./signals.ts";
import { SoloMembership } from "./solo-membership.ts";
import { Source } from "./source.ts";
import { Topics } from "./topics.ts";
import { NOTHING } from "./tracker.ts";

/** Queues in topics of Kafka, read by consumer groups: each process has some partitions, and completes what is in them in any order. */
export class KafkaBackend implements Backend, AsyncDisposable {
  readonly contract = 1;
  readonly name = "kafka";
  readonly profile: Profile;
  readonly #settings: Settings;
  readonly #topics: Topics;
  readonly #sending: Sending;
  readonly #looking: Looking;
  /** By group. */
  readonly #consumers = new Map<string, LogConsumer>();
  readonly #sources = new Map<string, Source>();
  /** The same, by themselves. */
  readonly #homes = new Set<ReceiptHome>();
  /** The topics that were opened for replies, and on which clock. */
  readonly #replyTopics = new Map<string, Clock>();
  #leases: SessionLeases<LogReceipt> | undefined;
  #closed: Promise<void> | undefined;
  /** Ends an open that is under way. */
  readonly #closing = new AbortController();

  /** Connects to nothing yet. Throws `CONFIG_INVALID`. */
  constructor(options: KafkaBackendOptions = {}) {
    const settings = resolveOptions(options);
    this.#settings = settings;
    this.profile = kafkaProfile(settings);
    this.#topics = new Topics(settings);
    this.#sending = new Sending(settings);
    this.#looking = new Looking(settings);
  }

  async open({ receive, send, create, clock }: OpenOptions, given: AbortSignal): Promise<readonly Doubt[]> {
    this.#mustNotBeClosed();
    const signal = AbortSignal.any([given, this.#closing.signal]);
    const { port } = this.#settings;
    this.#leases ??= new SessionLeases<LogReceipt>({
      clock,
      expire(over) {
        for (const receipt of over) receipt.home.expired(receipt);
      },
    });
    const doubts = await unlessAborted(this.#topics.open([...receive, ...send], create, clock, signal), signal);
    for (const queue of receive) {
      if (this.#sources.has(queueKey(queue))) continue;
      if (queue.role !== "reply") this.#add(queue, clock, undefined);
      else
        await unlessAborted(
          untilReady(port, clock, signal, () => this.#addReplies(queue, clock, signal)),
          signal,
        );
    }
    return doubts;
  }

  async send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    this.#opened();
    return unlessAborted(this.#sending.send(queue, frames, signal), signal);
  }

  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.#opened();
    const key = queueKey(queue);
    if (!this.#sources.has(key) && queue.role === "reply" && !(await this.#resumed(queue, want, signal))) return [];
    const source = this.#sources.get(key);
    if (source === undefined) throw new KafkaRefusal("MISSING", `the queue "${key}" was not opened to receive from it`);
    return source.receive(want, signal);
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    this.#opened();
    return this.#proven(receipts, signal, (receipt) => receipt.home.renew(receipt, leaseMs));
  }

  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    this.#opened();
    const receipts = settlements.map(({ receipt }) => receipt);
    const touched = new Set<ReceiptHome>();
    const outcomes = await this.#proven(receipts, signal, (receipt, at) => {
      touched.add(receipt.home);
      const settlement = settlements[at] as Settlement;
      if (settlement.kind === "release" && settlement.delayMs > 0)
        return { failed: new KafkaRefusal("MISMATCH", `Kafka gives back at once, not in ${settlement.delayMs} ms`) };
      return receipt.home.settle(receipt, settlement.kind);
    });
    for (const home of touched) home.settled();
    return outcomes;
  }

  async depth(queue: Queue, signal: AbortSignal): Promise<Depth> {
    await this.#written(queue, signal);
    return unlessAborted(this.#looking.depth(queue), signal);
  }

  async browse(queue: Queue, page: Page, signal: AbortSignal): Promise<BrowsePage> {
    await this.#written(queue, signal);
    return unlessAborted(this.#looking.browse(queue, page), signal);
  }

  async purge(queue: Queue, signal: AbortSignal): Promise<number> {
    await this.#written(queue, signal);
    const { ready, places } = await unlessAborted(this.#looking.purge(queue), signal);
    this.#consumers.get(spotOf(this.#settings.naming, queue).group)?.purged(places);
    return ready;
  }

  classify(error: unknown): ErrorClass {
    return this.#settings.port.classify(error);
  }

  close(): Promise<void> {
    this.#closing.abort(closed());
    this.#closed ??= this.#end();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    await Promise.allSettled([...this.#consumers.values()].map((consumer) => consumer.end()));
    this.#leases?.clear();
    this.#looking.close();
    await this.#settings.port.close();
  }

  #add(queue: Queue, clock: Clock, places: ReplyPlaces | undefined): void {
    this.#mustNotBeClosed();
    const { topic, group } = spotOf(this.#settings.naming, queue);
    const { recordsPerFetch: receiveFrames } = this.#settings;
    const consumer =
      this.#consumers.get(group) ?? this.#consumer(group, clock, places === undefined ? undefined : { queue, places });
    this.#consumers.set(group, consumer);
    const isOurs =
      queue.role === "reply"
        ? ({ key }: LogRecord) => key !== null && Buffer.from(key).toString() === queue.name
        : ({ value }: LogRecord) => value !== NOTHING;
    const source = new Source({ queue, topic, consumer, clock, leases: this.#opened(), receiveFrames, isOurs });
    consumer.add(source);
    this.#sources.set(queueKey(queue), source);
    this.#homes.add(source);
  }

  async #addReplies(queue: Queue, clock: Clock, signal: AbortSignal): Promise<void> {
    const { topic, group } = spotOf(this.#settings.naming, queue);
    const places = new ReplyPlaces({ topic, group, id: queue.name });
    const link = this.#settings.port.link();
    try {
      await places.find(link);
    } finally {
      link.close();
    }
    this.#replyTopics.set(topic, clock);
    if (!signal.aborted && !this.#sources.has(queueKey(queue))) this.#add(queue, clock, places);
  }

  /** Begins replies anew that were left: where they stood is committed. Answers whether there is anything to ask for. */
  async #resumed(queue: Queue, { max }: Want, signal: AbortSignal): Promise<boolean> {
    const clock = this.#replyTopics.get(spotOf(this.#settings.naming, queue).topic);
    if (clock === undefined) return true;
    if (max <= 0 || signal.aborted) return false;
    try {
      await unlessAborted(this.#addReplies(queue, clock, signal), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return !signal.aborted;
  }

  #leaveReplies(queue: Queue, group: string): void {
    // Nobody reads these replies any more, and there is no verb that says it: else each coordinator that was ever here would keep its connections.
    const key = queueKey(queue);
    const source = this.#sources.get(key);
    const consumer = this.#consumers.get(group);
    if (this.#closed !== undefined || source === undefined || consumer === undefined) return;
    this.#sources.delete(key);
    this.#homes.delete(source);
    this.#consumers.delete(group);
    void consumer.end();
  }

  #consumer(
    group: string,
    clock: Clock,
    replies: { readonly queue: Queue; readonly places: ReplyPlaces } | undefined,
  ): LogConsumer {
    const { port, sessionTimeoutMs: sessionMs } = this.#settings;
    const link = port.link();
    const classify = (error: unknown) => port.classify(error);
    const meaning = (error: unknown) => port.meaning(error);
    return new LogConsumer({
      link,
      anotherLink: () => port.link(),
      group,
      clock,
      ackLagMs: ACK_LAG_MS,
      isShared: replies === undefined,
      classify,
      meaning,
      join: (holder) =>
        replies === undefined
          ? new GroupMembership({ link, group, clock, sessionMs, holder, meaning })
          : new SoloMembership({
              clock,
              holder,
              places: () => replies.places.all,
              grow: () => replies.places.grow(link),
              left: () => this.#leaveReplies(replies.queue, group),
            }),
    });
  }

  /** Settles nothing for who is no member any more: the broker would not notice. */
  async #proven(
    receipts: readonly Receipt[],
    signal: AbortSignal,
    act: (receipt: LogReceipt, at: number) => HoldOutcome,
  ): Promise<readonly HoldOutcome[]> {
    const proven = new Map<ReceiptHome, boolean | { readonly failed: unknown }>();
    for (const receipt of receipts) {
      if (!this.#isOwn(receipt) || proven.has(receipt.home)) continue;
      const { home } = receipt;
      const answer = home.proven();
      proven.set(
        home,
        typeof answer === "boolean"
          ? answer
          : await unlessAborted(answer, signal).catch((failed: unknown) => ({ failed })),
      );
    }
    return receipts.map((receipt, at) => {
      const isMember = this.#isOwn(receipt) && (proven.get(receipt.home) as boolean | { readonly failed: unknown });
      if (isMember === false) return "lost";
      return isMember === true ? act(receipt as LogReceipt, at) : isMember;
    });
  }

  #isOwn(receipt: Receipt): receipt is LogReceipt {
    return receipt instanceof LogReceipt && this.#homes.has(receipt.home);
  }

  /** What this process has done so far is in what is looked at. */
  async #written(queue: Queue, signal: AbortSignal): Promise<void> {
    this.#opened();
    const { group } = spotOf(this.#settings.naming, queue);
    await unlessAborted(this.#consumers.get(group)?.flush() ?? Promise.resolve(), signal);
  }

  #opened(): SessionLeases<LogReceipt> {
    this.#mustNotBeClosed();
    if (this.#leases === undefined) throw new KafkaRefusal("CLOSED", "the Kafka backend was not opened");
    return this.#leases;
  }

  #mustNotBeClosed(): void {
    if (this.#closed !== undefined) throw closed();
  }
}
