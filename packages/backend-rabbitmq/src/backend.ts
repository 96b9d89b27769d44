import {
  type Backend,
  type BrowsePage,
  type Delivery,
  type Depth,
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
import { type RabbitBackendOptions, resolveOptions, type Settings } from "./options.ts";
import { rabbitProfile } from "./profile.ts";
import { classifyError, closedError, RabbitRefusal } from "./rabbit-error.ts";
import { Station } from "./station.ts";

/** Queues of RabbitMQ, over AMQP 0-9-1: two connections, one that publishes and one that consumes. */
export class RabbitBackend implements Backend, AsyncDisposable {
  readonly contract = 1;
  readonly name = "rabbitmq";
  readonly profile: Profile;
  readonly #settings: Settings;
  #station: Station | undefined;
  #closed: Promise<void> | undefined;

  /** Connects to nothing yet. Throws `CONFIG_INVALID`. */
  constructor(options: RabbitBackendOptions = {}) {
    this.#settings = resolveOptions(options);
    this.profile = rabbitProfile(this.#settings);
  }

  async open({ receive, send, create, leaseMs, clock }: OpenOptions, signal: AbortSignal): Promise<void> {
    this.#mustNotBeClosed();
    this.#station ??= new Station(this.#settings, clock, leaseMs);
    const station = this.#station;
    await station.start(signal);
    const queues = new Map([...send, ...receive].map((queue) => [queueKey(queue), queue]));
    await station.topology.open(station.consuming.line, [...queues.values()], create, signal);
    this.#mustNotBeClosed();
    await Promise.all(receive.map((queue) => station.addSource(queue, signal)));
  }

  async send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    return this.#opened().send(queue, frames, signal);
  }

  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    const source = this.#opened().sources.get(queueKey(queue));
    if (source === undefined)
      throw new RabbitRefusal("MISSING", `the queue "${queueKey(queue)}" was not opened to receive from it`);
    return source.receive(want, signal);
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, _signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    return this.#opened().holding.renew(receipts, leaseMs);
  }

  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    const station = this.#opened();
    const outcomes = await station.holding.settle(settlements, signal);
    for (const { receipt } of settlements) station.sources.get(queueKey(receipt.queue))?.settled();
    return outcomes;
  }

  /** What is ready, and what this process holds: what others hold, and what is delayed, no queue of RabbitMQ says over AMQP. */
  async depth(queue: Queue, signal: AbortSignal): Promise<Depth> {
    return this.#opened().depth(queue, signal);
  }

  async browse(queue: Queue, page: Page, signal: AbortSignal): Promise<BrowsePage> {
    const { looking, topology } = this.#opened();
    return looking.browse(queue, topology.nameOf(queue), page, signal);
  }

  async purge(queue: Queue, signal: AbortSignal): Promise<number> {
    return this.#opened().purge(queue, signal);
  }

  async remove(queue: Queue, signal: AbortSignal): Promise<void> {
    await this.#opened().remove(queue, signal);
  }

  classify(error: unknown): ErrorClass {
    return classifyError(error);
  }

  close(): Promise<void> {
    this.#closed ??= this.#station?.close() ?? Promise.resolve();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #opened(): Station {
    this.#mustNotBeClosed();
    if (this.#station === undefined) throw new RabbitRefusal("CLOSED", "the RabbitMQ backend was not opened");
    return this.#station;
  }

  #mustNotBeClosed(): void {
    if (this.#closed !== undefined) throw closedError();
  }
}
