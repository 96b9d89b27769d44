import { CreditBuffer, GrantedFrame, type SessionLeases } from "@org/dispatch-core/adapter-kit";
import type { Clock, Delivery, HoldOutcome, Queue, Settlement, Want } from "@org/dispatch-core/contract";
import type { LogConsumer } from "./log-consumer.ts";
import type { LogRecord, Place } from "./port.ts";
import { LogReceipt, type ReceiptHome } from "./receipt.ts";
import type { Taker } from "./taker.ts";

/** A member that receives nothing and holds nothing leaves after so long: its partitions are for those who work. */
const IDLE_MS = 5_000;
/** What is on its way comes within so long, or later: an answer with nothing may be so late. */
const LATE_MS = 1_500;
/** Joining takes longer: a broker holds the first join of a group for 3 s (group.initial.rebalance.delay.ms). */
const JOIN_MS = 5_000;
/** Whoever waits for longer than this has been told of everything that came. */
const CERTAIN_MS = 1_000;

export interface SourcePort {
  readonly queue: Queue;
  readonly topic: string;
  readonly consumer: LogConsumer;
  readonly clock: Clock;
  readonly leases: SessionLeases<LogReceipt>;
  /** The most frames that one receive brings. */
  readonly receiveFrames: number;
  /** Is the record of this queue? Others may share its topic. */
  isOurs(record: LogRecord): boolean;
}

/** A queue that this backend receives from. What is given back, or not renewed, goes back to here: a log cannot take it back. */
export class Source implements Taker, ReceiptHome {
  readonly queue: Queue;
  readonly topic: string;
  readonly #port: SourcePort;
  readonly #buffer: CreditBuffer<LogReceipt>;
  /** Given back, and to be handed out again before anything new. */
  #returned: LogReceipt[] = [];
  #credit = 0;
  /** Of that, taken already and not handed out yet. */
  #pending = 0;
  /** What somebody has, with a lease. */
  readonly #held = new Set<LogReceipt>();
  #idle: { cancel(): void } | undefined;
  isWanted = false;
  /** Nobody wants anything any more: leaves as soon as nothing is in hand. */
  #isLeaving = false;
  #hasEnded = false;
  /** Ends the waiting of all when there is no broker to wait for. */
  #broken = new AbortController();

  constructor(port: SourcePort) {
    this.queue = port.queue;
    this.topic = port.topic;
    this.#port = port;
    this.#buffer = new CreditBuffer<LogReceipt>({
      clock: port.clock,
      lingerMs: 0,
      credit: (frames) => {
        this.#credit = frames;
        this.pull();
      },
      release: (receipts) => {
        this.#returned.unshift(...receipts.filter((receipt) => this.#isCurrent(receipt)));
        this.#watch();
      },
    });
  }

  async receive(want: Want, signal: AbortSignal): Promise<readonly Delivery[]> {
    const { clock, leases, receiveFrames } = this.#port;
    const max = Math.min(want.max, receiveFrames);
    if (max <= 0) {
      this.#isLeaving = true;
      this.#buffer.takeBack();
      this.#watch();
      return [];
    }
    this.#wanted();
    const untilMs = clock.now() + want.waitMs + LATE_MS;
    let { waitMs } = want;
    for (;;) {
      const receipts = await this.#ask({ ...want, max, waitMs }, signal);
      for (const receipt of receipts) {
        leases.add(receipt, want.leaseMs);
        this.#held.add(receipt);
      }
      if (receipts.length > 0) return receipts.map(deliveryOf);
      const leftMs = untilMs - clock.now() + (this.#port.consumer.isStable ? 0 : JOIN_MS - LATE_MS);
      if (this.#hasEnded || signal.aborted || leftMs <= 0 || waitMs >= CERTAIN_MS) break;
      // A member without a partition may be given one soon, which is worth a wait, but no look.
      const isPatient = want.waitMs > 0;
      if (!this.#hasMore && !(await this.#isBehind(isPatient, signal))) break;
      waitMs = Math.min(leftMs, CERTAIN_MS / 4);
    }
    this.#watch();
    if (!this.#hasEnded && !signal.aborted) await this.#port.consumer.mustBe(this.topic);
    return [];
  }

  /** Takes what there is credit for, has it marked as handed out, and only then hands it out. */
  pull(): void {
    const { consumer } = this.#port;
    // Not more while that is under way: the answer ends the receive, and what nobody waits for then would lie here marked, and count as lost in the crash of a
    // task that was taken alone.
    if (!consumer.isStable || this.#pending > 0) return;
    const taken: LogReceipt[] = [];
    const most = this.#credit;
    if (most <= 0) return;
    for (const receipt of this.#returned.splice(0, most)) if (this.#isCurrent(receipt)) taken.push(receipt);
    while (taken.length < most) {
      const next = consumer.next(this.topic);
      if (next === undefined) break;
      const { tracker, record } = next;
      if (this.#port.isOurs(record))
        taken.push(new LogReceipt(this, tracker, record, record.offset < tracker.lostBelow ? 1 : 0));
      else consumer.finish(tracker, record.offset);
    }
    if (taken.length === 0) return;
    this.#pending += taken.length;
    consumer.grant(
      taken.map(({ tracker }) => tracker),
      (isMarked) => this.#granted(taken, isMarked),
    );
  }

  proven(): boolean | Promise<boolean> {
    return this.#port.consumer.proven();
  }

  renew(receipt: LogReceipt, leaseMs: number): HoldOutcome {
    return this.#isCurrent(receipt) && this.#port.leases.renew(receipt, leaseMs) ? "ok" : "lost";
  }

  settle(receipt: LogReceipt, kind: Settlement["kind"]): HoldOutcome {
    if (!this.#isCurrent(receipt) || !this.#port.leases.end(receipt)) return "lost";
    this.#held.delete(receipt);
    if (kind === "ack") this.#port.consumer.finish(receipt.tracker, receipt.record.offset);
    else this.#returned.push(receipt.again(receipt.redelivery));
    return "ok";
  }

  settled(): void {
    this.pull();
    this.#watch();
  }

  expired(receipt: LogReceipt): void {
    this.#held.delete(receipt);
    if (this.#isCurrent(receipt)) this.#returned.push(receipt.again(1));
    this.settled();
  }

  changed(): void {
    this.#returned = this.#returned.filter((receipt) => this.#isCurrent(receipt));
    for (const receipt of this.#held) {
      if (this.#isCurrent(receipt)) continue;
      this.#held.delete(receipt);
      this.#port.leases.end(receipt);
    }
    this.pull();
    this.#watch();
  }

  purge({ partition, offset }: Place & { readonly offset: number }): void {
    this.#returned = this.#returned.filter(({ tracker, record }) => {
      const isGone = tracker.partition === partition && record.offset < offset;
      if (isGone) this.#port.consumer.finish(tracker, record.offset);
      return !isGone;
    });
  }

  fail(error: unknown): void {
    this.#broken.abort(error);
    this.#broken = new AbortController();
  }

  end(): void {
    this.#hasEnded = true;
    this.#idle?.cancel();
    this.#buffer.end();
    this.#returned = [];
    this.isWanted = false;
  }

  async #ask(want: Want, signal: AbortSignal): Promise<readonly LogReceipt[]> {
    const { signal: broken } = this.#broken;
    const found = await this.#buffer.receive(want, AbortSignal.any([signal, broken]));
    const receipts = found.filter((receipt) => this.#isCurrent(receipt));
    if (receipts.length === 0 && broken.aborted && !signal.aborted) throw broken.reason;
    return receipts;
  }

  /** Is there something that nobody waited for at the moment at which it came? */
  get #hasMore(): boolean {
    return this.#pending > 0 || this.#returned.length > 0 || this.#buffer.size > 0;
  }

  /** "Nothing" must be true: what was sent before this receive began may be on its way still. */
  async #isBehind(isPatient: boolean, signal: AbortSignal): Promise<boolean> {
    const { consumer } = this.#port;
    try {
      return consumer.isStable && !consumer.hasAny(this.topic)
        ? isPatient
        : await consumer.isBehind(this.topic, signal);
    } catch {
      return !signal.aborted;
    }
  }

  #granted(receipts: readonly LogReceipt[], isMarked: boolean): void {
    this.#pending -= receipts.length;
    const current = receipts.filter((receipt) => this.#isCurrent(receipt));
    if (isMarked) {
      this.#credit = Math.max(0, this.#credit - current.length);
      if (current.length > 0) this.#buffer.push(current);
      this.pull();
    } else {
      // Somebody else may have the partition soon, or this process still: what it has read is read only once.
      this.#returned.unshift(...current);
    }
  }

  #isCurrent({ tracker }: LogReceipt): boolean {
    return this.#port.consumer.has(tracker);
  }

  #wanted(): void {
    this.#idle?.cancel();
    this.#idle = undefined;
    this.#isLeaving = false;
    if (this.isWanted) return;
    this.isWanted = true;
    this.#port.consumer.subscribe();
  }

  /** Whoever receives nothing and holds nothing leaves: at once where it was told so, else after a while. */
  #watch(): void {
    const isIdle = this.#credit === 0 && this.#pending === 0 && this.#held.size === 0;
    this.#idle?.cancel();
    this.#idle = undefined;
    if (!isIdle || !this.isWanted) return;
    if (this.#isLeaving) this.#retire();
    else this.#idle = this.#port.clock.after(IDLE_MS, () => this.#retire(), true);
  }

  #retire(): void {
    this.isWanted = false;
    this.#port.consumer.subscribe();
  }
}

function deliveryOf(receipt: LogReceipt): Delivery {
  return new GrantedFrame(receipt, receipt.record.value, receipt.redelivery);
}
