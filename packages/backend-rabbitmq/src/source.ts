import { CreditBuffer } from "@org/dispatch-core/adapter-kit";
import type { Clock, Delivery, Queue, Timer, Want } from "@org/dispatch-core/contract";
import { bounded } from "./bounded.ts";
import { ChannelLife } from "./channel-life.ts";
import { closeQuietly, type Line, type Link } from "./link.ts";
import { deliveryOf, type RabbitReceipt } from "./receipt.ts";

/** How long credit that nobody needs any more is left open, and what came by it is kept. */
const LINGER_MS = 1_000;
/** A queue whose deletion ended a consumer is gone by then: who subscribes while it goes on loses the whole connection (4.3: 541). */
const DELETED_MS = 1_000;
/** A server that pushes does not say that it has nothing: what is there comes within a round trip. */
const LOOK_MS = 25;
/** Who takes what is there gets it together, though it comes one by one: it is all there when nothing more has come for so many turns of the event loop. */
const GATHER_TURNS = 3;
/** Receives that follow each other so soon, so many in a row: what is asked for next is fetched in advance, or lanes that lie nearer would have its turn. */
const BUSY = { gapMs: 100, receives: 16 };

export interface SourcePort {
  readonly queue: Queue;
  readonly queueName: string;
  readonly link: Link;
  readonly clock: Clock;
  readonly prefetchCount: number;
  readonly isFlagged: boolean;
  /** Gives back what nobody asked for. */
  readonly giveBack: (receipts: readonly RabbitReceipt[]) => Promise<void>;
}

/** A queue that this backend receives from, over a channel of its own: a server that gives a consumer up closes its channel. */
export class Source {
  readonly #port: SourcePort;
  #buffer: CreditBuffer<RabbitReceipt>;
  #life: ChannelLife | undefined;
  #opening: Promise<void> | undefined;
  #arrived: RabbitReceipt[] = [];
  readonly #returning = new Set<Promise<void>>();
  /** What may come beyond what is here. */
  #credit = 0;
  /** What the receives under way ask for. */
  #asked = 0;
  /** Those among them that wait for what may come. */
  #standing = 0;
  #receivedAtMs = Number.NEGATIVE_INFINITY;
  #streak = 0;
  /** When it is over, those that wait without a consumer are ended. */
  #deaf: Timer | undefined;
  #isEnded = false;

  constructor(port: SourcePort) {
    this.#port = port;
    this.#buffer = this.#newBuffer();
  }

  /** Frames that are in hand here: handed out, and not yet. */
  get counts(): { readonly leased: number; readonly waiting: number } {
    const { size } = this.#buffer;
    return { leased: this.#life?.leases.size ?? 0, waiting: size + this.#arrived.length };
  }

  /** The channel of now. Throws what the client says. */
  async ready(): Promise<void> {
    if (this.#life !== undefined || this.#isEnded) return;
    const { line } = this.#port.link;
    this.#opening ??= this.#open(line).finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  async receive(want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (signal.aborted) return [];
    if (!(want.max > 0)) {
      await this.takeBack(signal);
      return [];
    }
    const nowMs = this.#port.clock.now();
    this.#streak = nowMs - this.#receivedAtMs < BUSY.gapMs ? this.#streak + 1 : 0;
    if (this.#life === undefined) await bounded(this.ready(), signal);
    const stands = want.waitMs > 0 ? 1 : 0;
    this.#asked += want.max;
    this.#standing += stands;
    let found: readonly RabbitReceipt[];
    try {
      await this.#subscribed(signal);
      found = want.waitMs > 0 ? await this.#buffer.receive(want, signal) : await this.#gather(want, signal);
    } finally {
      this.#receivedAtMs = this.#port.clock.now();
      this.#asked -= want.max;
      this.#standing -= stands;
    }
    const deliveries: Delivery[] = [];
    for (const receipt of found) {
      if (receipt.life.isOver) continue;
      receipt.life.leases.add(receipt, want.leaseMs);
      deliveries.push(deliveryOf(receipt));
    }
    return deliveries;
  }

  /** Nobody wants anything: stops what pushes, and gives back what came of it. */
  async takeBack(signal: AbortSignal): Promise<void> {
    const life = this.#life;
    await life?.stop(signal);
    this.#flush();
    this.#buffer.takeBack();
    await Promise.all(this.#returning);
    await life?.barrier(signal);
    this.settled();
  }

  /**
   * Settlements may have made room. What is here and was not looked at yet is a part of what may come. Where cancels may count, nothing is subscribed to
   * for whom nobody waits any more.
   */
  settled(): void {
    if (this.#life?.countsCancelled) this.#life.want(this.#wanted);
    else if (this.#credit > 0) this.#life?.want(this.#credit - this.#arrived.length);
  }

  /** The connection is another one: what came over the one before is worth nothing. */
  connected(): void {
    this.ready().catch(() => {});
  }

  /** Ends all waiting, and gives back what is held, without a penalty. */
  async close(signal: AbortSignal): Promise<void> {
    this.#end();
    const life = this.#life;
    await life?.stop(signal).catch(() => {});
    this.#flush();
    this.#buffer.end();
    await Promise.all(this.#returning);
    if (life === undefined || life.isOver) return;
    await this.#port.giveBack(life.leases.clear());
    await life.barrier(signal).catch(() => {});
    life.end(undefined, false);
  }

  /** The queue was removed. */
  forget(): void {
    this.#end();
    this.#buffer.end();
    this.#life?.end(undefined, true);
  }

  #end(): void {
    this.#isEnded = true;
    this.#deaf?.cancel();
  }

  #newBuffer(): CreditBuffer<RabbitReceipt> {
    return new CreditBuffer<RabbitReceipt>({
      clock: this.#port.clock,
      lingerMs: LINGER_MS,
      credit: (frames) => {
        this.#credit = frames;
        this.settled();
      },
      release: (receipts) => this.#giveBack(receipts),
    });
  }

  async #open(line: Line): Promise<void> {
    const channel = await line.channel();
    if (this.#isEnded) return closeQuietly(channel);
    const { queue, queueName, clock, prefetchCount, isFlagged } = this.#port;
    const life: ChannelLife = new ChannelLife(channel, {
      queue,
      queueName,
      clock,
      prefetchCount,
      isFlagged,
      countsCancelled: queue.role === "work" && !isFlagged && !line.isAtLeast(4, 3),
      wanted: () => ({ frames: this.#wanted, stands: this.#standing > 0 }),
      arrived: (receipt) => this.#arrive(receipt),
      expired: (reject) => void this.#expired(life, reject),
      over: (_, failed) => this.#over(life, failed),
    });
    this.#life = life;
    this.#buffer.reopen();
  }

  async #gather(want: Want, signal: AbortSignal): Promise<readonly RabbitReceipt[]> {
    const found = [...(await this.#buffer.receive({ ...want, waitMs: LOOK_MS }, signal))];
    for (let turns = 0; found.length > 0 && found.length < want.max && turns < GATHER_TURNS; turns += 1) {
      await new Promise<void>((resolve) => this.#port.clock.soon(resolve));
      if (this.#buffer.size === 0) continue;
      found.push(...(await this.#buffer.receive({ ...want, max: want.max - found.length }, signal)));
      turns = 0;
    }
    return found;
  }

  /** What is asked for and not here. */
  get #wanted(): number {
    const asked = this.#streak < BUSY.receives ? this.#asked : 2 * this.#asked;
    return asked - this.#buffer.size - this.#arrived.length;
  }

  /** A wait begins when the server knows of it: it may take longer to subscribe than many a receive waits. */
  async #subscribed(signal: AbortSignal): Promise<void> {
    const made = this.#life?.want(this.#wanted);
    if (made === undefined) return;
    await bounded(made, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** What comes within a turn of the event loop comes together. */
  #arrive(receipt: RabbitReceipt): void {
    this.#arrived.push(receipt);
    if (this.#arrived.length === 1) this.#port.clock.soon(() => this.#flush());
  }

  #flush(): void {
    const arrived = this.#arrived.filter(({ life }) => !life.isOver);
    this.#arrived = [];
    this.#credit = Math.max(0, this.#credit - arrived.length);
    if (arrived.length === 0) return;
    this.#buffer.push(arrived);
    // A window is no wider than what was there: who waits still has to be looked for anew.
    if (this.#life?.countsCancelled) this.#port.clock.soon(() => this.settled());
  }

  /** Who waits goes on waiting, over another channel; but after a consumer that failed the next receive tries again: so no wait is to keep it back. */
  #over(life: ChannelLife, failed: boolean): void {
    if (this.#life !== life) return;
    this.#life = undefined;
    this.#buffer.reopen();
    if (this.#isEnded) return;
    if (failed) this.#deaf ??= this.#port.clock.after(DELETED_MS, () => this.#endWaits(), true);
    // Where its connection ends, too, that is not known yet.
    else this.#port.clock.soon(() => this.connected());
  }

  #endWaits(): void {
    this.#deaf = undefined;
    if (this.#life !== undefined) return;
    this.#buffer.end();
    this.#buffer = this.#newBuffer();
  }

  #giveBack(receipts: readonly RabbitReceipt[]): void {
    const returned = this.#unlessAsked(this.#life)
      .then(() => this.#port.giveBack(receipts.filter(({ life }) => !life.isOver)))
      .catch(() => {});
    this.#returning.add(returned);
    void returned.then(() => this.#returning.delete(returned));
  }

  /** What nobody has renewed leaves its place to who waits. */
  async #expired(life: ChannelLife, reject: () => void): Promise<void> {
    await this.#unlessAsked(life);
    reject();
    this.settled();
  }

  /** Where nobody asks for anything, what goes back would be pushed to us again. */
  async #unlessAsked(life: ChannelLife | undefined): Promise<void> {
    if (this.#asked === 0) await life?.stop(AbortSignal.timeout(LINGER_MS)).catch(() => {});
  }
}
