import { reconnectMs } from "@org/dispatch-core/adapter-kit";
import type { Clock, Timer } from "@org/dispatch-core/contract";
import { missing } from "./kafka-error.ts";
import { keyOf, shareOf } from "./places.ts";
import type { Bounds, LogLink, Meaning } from "./port.ts";
import type { Tracker } from "./tracker.ts";

/** How long a fetch waits at a broker for something new. */
const WAIT_MS = 300;
/** While a partition is left out, since enough of it lies here, a fetch holds up the next one that asks for it, too. */
const LEAST_WAIT_MS = 10;
const PARTITION_BYTES = 256 * 1024;
/** So long what was read may lie here before more is read ahead of it: who takes it sooner finds more in the next fetch, and there are fewer of them. */
const LIE_MS = 20;

export interface FeedingPort {
  readonly clock: Clock;
  readonly link: LogLink;
  trackers(): Iterable<Tracker>;
  /** Is it still one of them? */
  has(tracker: Tracker): boolean;
  meaning(error: unknown): Meaning;
  /** There is more to hand out. */
  brought(): void;
  /** The log ends before what was read of it: it is another one, or was cut off. */
  restart(tracker: Tracker, bounds: Bounds): Promise<void>;
  /** `topic`: of which one alone; else there is nobody to ask. */
  failed(error: unknown, topic?: string): void;
}

/**
 * Reads ahead in all partitions that this process has: one fetch after the other at each broker, as long as anything is wanted. A partition that cannot be read
 * rests by itself, longer each time: it stops no other.
 */
export class Feeding {
  readonly #port: FeedingPort;
  readonly #loops = new Set<string>();
  readonly #timers = new Set<{ readonly timer: Timer; readonly end: () => void }>();
  /** Ends the waiting of those that would read ahead. */
  readonly #lying = new Set<() => void>();
  /** In a row. */
  readonly #failures = new WeakMap<Tracker, number>();
  readonly #resting = new Set<Tracker>();
  #round = 0;
  #hasEnded = false;

  constructor(port: FeedingPort) {
    this.#port = port;
  }

  /** Partitions have come, or something of them has been taken: there may be more to ask for. */
  kick(): void {
    this.#round += 1;
    if (this.#hasEnded) return;
    for (const end of this.#lying) end();
    for (const leader of this.#leaders()) {
      if (this.#loops.has(leader)) continue;
      this.#loops.add(leader);
      void this.#loop(leader).finally(() => this.#loops.delete(leader));
    }
  }

  end(): void {
    this.#hasEnded = true;
    for (const { timer, end } of this.#timers) {
      timer.cancel();
      end();
    }
  }

  /** `""` where nobody knows who has a partition. */
  #leaders(): Set<string> {
    const leaders = new Set<string>();
    for (const tracker of this.#awake()) if (tracker.isHungry) leaders.add(this.#leaderOf(tracker));
    return leaders;
  }

  #awake(): Tracker[] {
    return [...this.#port.trackers()].filter((tracker) => !this.#resting.has(tracker));
  }

  #leaderOf(tracker: Tracker): string {
    return this.#port.link.leaderOf(tracker) ?? "";
  }

  async #loop(leader: string): Promise<void> {
    let failures = 0;
    let waitMs = LEAST_WAIT_MS;
    for (let round = this.#round; !this.#hasEnded; ) {
      const all = this.#awake().filter((tracker) => this.#leaderOf(tracker) === leader);
      const hungry = all.filter(({ isHungry }) => isHungry);
      if (hungry.length === 0) return;
      if (round !== this.#round || hungry.length === all.length) waitMs = LEAST_WAIT_MS;
      else waitMs = Math.min(WAIT_MS, waitMs * 2);
      round = this.#round;
      try {
        if (leader === "") {
          const { link } = this.#port;
          await link.refresh();
          const left = all.filter((tracker) => this.#leaderOf(tracker) === "");
          const there = await link.partitions([...new Set(left.map(({ topic }) => topic))]);
          for (const tracker of left)
            this.#rest(tracker, there.has(tracker.topic) ? leaderless(tracker) : missing(tracker.topic));
          this.#again();
          return;
        }
        const brought = await this.#fetch(leader, hungry, hungry.length === all.length ? WAIT_MS : waitMs);
        failures = 0;
        if (brought.some(({ hasNext }) => hasNext)) await this.#untilTaken();
      } catch (error) {
        if (this.#hasEnded) return;
        failures += 1;
        this.#port.failed(error);
        await this.#pause(reconnectMs(failures));
        if (this.#hasEnded) return;
        await this.#port.link.refresh().catch(() => {});
        if (hungry.some((tracker) => this.#leaderOf(tracker) !== leader)) this.#again();
      }
    }
  }

  /** Somebody else has the partition by now. */
  #again(): void {
    this.#port.clock.soon(() => this.kick());
  }

  /** Answers of which partitions something came. */
  async #fetch(leader: string, trackers: readonly Tracker[], waitMs: number): Promise<readonly Tracker[]> {
    const { link } = this.#port;
    const asks = trackers.map(({ topic, partition, readTo: offset }) => ({ topic, partition, offset }));
    const answers = await link.fetch(leader, asks, { waitMs, partitionBytes: PARTITION_BYTES });
    const brought: Tracker[] = [];
    const outside: Tracker[] = [];
    for (const answer of answers) {
      const at = asks.findIndex(({ topic, partition }) => topic === answer.topic && partition === answer.partition);
      const tracker = trackers[at];
      // It may have been taken away meanwhile, or have skipped something.
      if (tracker === undefined || !this.#port.has(tracker) || tracker.readTo !== asks[at]?.offset) continue;
      if (tracker.feed(answer)) brought.push(tracker);
      if (answer.failed === undefined) this.#failures.delete(tracker);
      else if (this.#port.meaning(answer.failed) === "out-of-range") outside.push(tracker);
      else this.#rest(tracker, answer.failed);
    }
    if (brought.length > 0) this.#port.brought();
    if (outside.length > 0)
      await this.#skip(outside).catch((error: unknown) => {
        for (const tracker of outside) this.#rest(tracker, error);
      });
    return brought;
  }

  #rest(tracker: Tracker, error: unknown): void {
    const failures = (this.#failures.get(tracker) ?? 0) + 1;
    this.#failures.set(tracker, failures);
    this.#resting.add(tracker);
    this.#port.failed(error, tracker.topic);
    void this.#pause(reconnectMs(failures)).then(async () => {
      // Another broker may have it by now.
      if (!this.#hasEnded) await this.#port.link.refresh().catch(() => {});
      this.#resting.delete(tracker);
      this.kick();
    });
  }

  /** Records were removed that nobody had read: they are no more. */
  async #skip(trackers: readonly Tracker[]): Promise<void> {
    for (const bounds of await this.#port.link.bounds(shareOf(trackers))) {
      const { low, high } = bounds;
      const tracker = trackers.find((one) => keyOf(one) === keyOf(bounds));
      if (tracker === undefined || !this.#port.has(tracker)) continue;
      if (tracker.readTo > high) await this.#port.restart(tracker, bounds);
      else if (tracker.readTo < low) tracker.skipTo(low);
    }
  }

  /** Until something is taken, but not for long. */
  async #untilTaken(): Promise<void> {
    const taken = Promise.withResolvers<void>();
    this.#lying.add(taken.resolve);
    await this.#pause(LIE_MS, taken.promise);
    this.#lying.delete(taken.resolve);
  }

  #pause(ms: number, sooner?: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        entry.timer.cancel();
        this.#timers.delete(entry);
        resolve();
      };
      void sooner?.then(end);
      const entry = { timer: this.#port.clock.after(ms, end, true), end };
      this.#timers.add(entry);
    });
  }
}

function leaderless({ topic, partition }: Tracker): Error {
  return new Error(`no broker has partition ${partition} of the topic ${topic}`);
}
