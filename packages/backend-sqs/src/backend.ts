import { LeaseEnds } from "@org/dispatch-core/adapter-kit";
import {
  type Backend,
  type BrowsePage,
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
import { accountOf } from "./address.ts";
import { Directory, firstOf } from "./directory.ts";
import { Groups } from "./groups.ts";
import { Holding } from "./holding.ts";
import { Looking } from "./looking.ts";
import { nameDoubts } from "./names.ts";
import { resolveOptions, type Settings, type SqsBackendOptions } from "./options.ts";
import { sqsProfile } from "./profile.ts";
import type { SqsReceipt } from "./receipt.ts";
import { sendFrames } from "./sending.ts";
import { Source } from "./source.ts";
import { classifyError, SqsRefusal } from "./sqs-error.ts";

/** Standard queues of Amazon SQS: a verb is a request, and a request costs money. The client never tries again by itself. */
export class SqsBackend implements Backend, AsyncDisposable {
  readonly contract = 1;
  readonly name = "sqs";
  readonly profile: Profile;
  readonly #settings: Settings;
  readonly #directory: Directory;
  readonly #holding: Holding;
  readonly #looking: Looking;
  readonly #groups = new Groups();
  readonly #sources = new Map<string, Source>();
  /** Of all queues that were opened, and of the name that was given, by what they say. */
  readonly #doubts = new Map<string, Doubt>();
  #ends: LeaseEnds<SqsReceipt> | undefined;
  #closed: Promise<void> | undefined;

  /** Connects to nothing yet. Throws `CONFIG_INVALID`. */
  constructor(options: SqsBackendOptions = {}) {
    const settings = resolveOptions(options);
    const { clients, frameBytes, longPollingMs, naming } = settings;
    this.#settings = settings;
    this.profile = sqsProfile(frameBytes, longPollingMs, naming.fifo);
    for (const doubt of nameDoubts(naming)) this.#doubts.set(doubt.detail, doubt);
    const directory = new Directory(settings);
    this.#directory = directory;
    const ends = () => this.#ends;
    this.#holding = new Holding({ clients, directory, ends });
    this.#looking = new Looking({ clients, directory, holding: this.#holding, ends });
  }

  async open({ receive, send, create, clock }: OpenOptions, signal: AbortSignal): Promise<readonly Doubt[]> {
    this.#mustNotBeClosed();
    const { clients, longPollingMs: pollMs, messagesPerCall } = this.#settings;
    await clients.check();
    this.#ends ??= new LeaseEnds(clock);
    const ends = this.#ends;
    const queues = new Map([...send, ...receive].map((queue) => [queueKey(queue), queue]));
    const opened = await Promise.allSettled(
      [...queues].map(async ([key, queue]) => {
        const { url, doubts } = await this.#directory.open(queue, create, signal);
        this.#mustBeInAccount(queue, url);
        for (const doubt of doubts) this.#doubts.set(doubt.detail, doubt);
        this.#mustNotBeClosed();
        if (this.#sources.has(key) || !receive.some((one) => queueKey(one) === key)) return;
        const port = { queue, url, clients, holding: this.#holding, ends, clock, pollMs, messagesPerCall };
        this.#sources.set(key, new Source(port));
      }),
    );
    const errors = opened.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    if (errors.length > 0) throw firstOf(errors);
    return [...this.#doubts.values()];
  }

  async send(queue: Queue, frames: readonly OutFrame[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    this.#opened();
    const { clients, frameBytes, naming } = this.#settings;
    const groups = queue.role === "work" && naming.fifo ? this.#groups : undefined;
    return sendFrames({ clients, directory: this.#directory, frameBytes, groups }, queue, frames, signal);
  }

  async receive(queue: Queue, want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.#opened();
    const source = this.#sources.get(queueKey(queue));
    if (source === undefined)
      throw new SqsRefusal("MISSING", `the queue "${queueKey(queue)}" was not opened to receive from it`);
    return source.receive(want, signal);
  }

  async renew(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    this.#opened();
    return this.#holding.renew(receipts, leaseMs, signal);
  }

  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<readonly HoldOutcome[]> {
    this.#opened();
    return this.#holding.settle(settlements, signal);
  }

  async depth(queue: Queue, signal: AbortSignal): Promise<Depth> {
    this.#opened();
    return this.#looking.depth(queue, signal);
  }

  async browse(queue: Queue, page: Page, signal: AbortSignal): Promise<BrowsePage> {
    this.#opened();
    return this.#looking.browse(queue, page, signal);
  }

  async purge(queue: Queue, signal: AbortSignal): Promise<number> {
    this.#opened();
    return this.#looking.purge(queue, signal);
  }

  async remove(queue: Queue, signal: AbortSignal): Promise<void> {
    this.#opened();
    await this.#directory.remove(queue, signal);
    const key = queueKey(queue);
    // Its poll has nothing to bring any more.
    this.#sources.get(key)?.forget();
    this.#sources.delete(key);
  }

  classify(error: unknown): ErrorClass {
    return classifyError(error);
  }

  /**
   * Waits for the polls that are under way, `longPollingMs` at most, and gives back what they bring. On a connection that is dead that takes 4 s more until a
   * poll is given up, and 5 s until what is held is left to its lease.
   */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    const sources = [...this.#sources.values()].map((source) => source.close());
    await Promise.allSettled([...sources, this.#looking.close(), this.#holding.end()]);
    this.#settings.clients.close();
  }

  #opened(): LeaseEnds<SqsReceipt> {
    this.#mustNotBeClosed();
    if (this.#ends === undefined) throw new SqsRefusal("CLOSED", "the SQS backend was not opened");
    return this.#ends;
  }

  /** The others look for it in the account of `queueUrl`, while a queue is always made in one's own. */
  #mustBeInAccount({ of }: Queue, url: string): void {
    const { account, naming } = this.#settings;
    const own = account !== undefined && naming.named?.of === of ? accountOf(url) : undefined;
    if (own === undefined || own === account) return;
    throw new SqsRefusal("MISMATCH", `${url} is not in the account of queueUrl, ${account}, where the others look for it: open with rights of that account, or make it there`); // biome-ignore format: one message
  }

  #mustNotBeClosed(): void {
    if (this.#closed !== undefined) throw new SqsRefusal("CLOSED", "the SQS backend is closed");
  }
}
