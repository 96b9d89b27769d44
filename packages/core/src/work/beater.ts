import type { Calls } from "../call.ts";
import type { Beat, Clock, Frame, OutFrame, Queue } from "../contract/index.ts";

export interface BeaterPort {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly worker: string;
  readonly slots: number;
  /** A beat is worth nothing after this. */
  readonly leaseMs: number;
  busy(): number;
  /** `ended`: the indexes of a pack's tasks that it holds no longer. */
  held(): Iterable<{ readonly frame: Frame; readonly ended?: ReadonlySet<number> | undefined }>;
  reply(coordinator: string): Queue;
  /** One, unless its news is too much for that. */
  beatFrames(beat: Beat): readonly OutFrame[];
  /** The broker has a beat. */
  sent(beat: Beat): void;
}

/** A coordinator's first word of a worker comes so soon: what it should make of silence follows from the lease, which it is told by beats. */
const FIRST_MS = 1_000;
/** So many coordinators are known to have had their first word. */
const MOST_MET = 1_000;

type Place = readonly [run: string, first: number, count?: number];

interface News {
  retries: [string, number, number][];
  progress: [string, number, unknown][];
}

/**
 * Tells the coordinators whose frames are held that this worker lives, which tasks it has in hand, which retries it has scheduled, and what its handlers
 * report. A coordinator that was told of something in hand is told when nothing is any more: that ends its watch.
 */
export class Beater {
  readonly #port: BeaterPort;
  readonly #watching = new Set<string>();
  readonly #news = new Map<string, News>();
  readonly #met = new Set<string>();
  #lastMet: string | undefined;
  #scheduled = false;

  constructor(port: BeaterPort) {
    this.#port = port;
  }

  /** A frame has come; of a coordinator that is new, it has a beat before the regular one, if it is held for so long. */
  came({ coordinator }: Frame): void {
    if (coordinator === this.#lastMet || coordinator === undefined) return;
    this.#lastMet = coordinator;
    const { clock, leaseMs } = this.#port;
    if (this.#met.has(coordinator) || leaseMs / 3 <= FIRST_MS) return;
    this.#met.add(coordinator);
    if (this.#met.size > MOST_MET) this.#met.clear();
    clock.after(FIRST_MS, () => this.#first(coordinator), true);
  }

  #first(coordinator: string): void {
    if (this.#watching.has(coordinator)) return;
    for (const { frame } of this.#port.held()) {
      if (frame.coordinator !== coordinator) continue;
      this.beat();
      return;
    }
    // What it had was short; its next frame may not be.
    this.#met.delete(coordinator);
    this.#lastMet = undefined;
  }

  retried(frame: Frame, delayMs: number): void {
    const news = this.#newsFor(frame);
    if (news === undefined) return;
    for (const index of indexesOf(frame)) news.retries.push([frame.run, index, delayMs]);
  }

  progressed(frame: Frame, value: unknown): void {
    this.#newsFor(frame)?.progress.push([frame.run, frame.first, value]);
  }

  /** The regular beat: to everyone whose frames are held, and once more to those who watch for nothing. */
  beat(): void {
    const held = new Map<string, Place[]>();
    for (const { frame, ended } of this.#port.held()) {
      if (frame.coordinator === undefined) continue;
      const places = held.get(frame.coordinator);
      if (places === undefined) held.set(frame.coordinator, placesOf(frame, ended));
      else places.push(...placesOf(frame, ended));
    }
    for (const coordinator of new Set([...held.keys(), ...this.#watching])) {
      const places = held.get(coordinator) ?? [];
      if (places.length > 0) this.#watching.add(coordinator);
      else this.#watching.delete(coordinator);
      void this.#send(coordinator, places);
    }
  }

  /** Nothing is held any more. */
  idle(): void {
    if (this.#watching.size > 0) this.#soon();
  }

  #newsFor(frame: Frame): News | undefined {
    if (frame.coordinator === undefined) return undefined;
    let news = this.#news.get(frame.coordinator);
    if (news === undefined) {
      news = { retries: [], progress: [] };
      this.#news.set(frame.coordinator, news);
    }
    this.#soon();
    return news;
  }

  #soon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#port.clock.soon(() => {
      this.#scheduled = false;
      for (const coordinator of [...this.#news.keys()]) void this.#send(coordinator, undefined);
      for (const _ of this.#port.held()) return;
      this.beat();
    });
  }

  /** Best effort: a beat that is lost is followed by another. */
  async #send(coordinator: string, held: readonly Place[] | undefined): Promise<void> {
    const { calls, clock, worker, slots, leaseMs } = this.#port;
    const news = this.#news.get(coordinator);
    this.#news.delete(coordinator);
    const beat: Beat = {
      worker,
      slots,
      busy: this.#port.busy(),
      leaseMs,
      held,
      retries: news?.retries ?? [],
      progress: news?.progress ?? [],
    };
    const outcomes = await calls.send(this.#port.reply(coordinator), this.#port.beatFrames(beat), {
      deadline: clock.now() + leaseMs / 3,
    });
    if (outcomes[0] === "ok") this.#port.sent(beat);
  }
}

/** A pack is one place, where its indexes follow each other. What has ended of it, or was sent on, is somebody else's by now: its place would be a lie. */
function placesOf(frame: Frame, ended: ReadonlySet<number> | undefined): Place[] {
  const { run, first, count, tasks } = frame;
  if (count <= 1) return [[run, first]];
  if (ended === undefined && tasks.every(({ index }) => index === undefined)) return [[run, first, count]];
  const left = ended === undefined ? indexesOf(frame) : indexesOf(frame).filter((index) => !ended.has(index));
  return left.map((index) => [run, index]);
}

function indexesOf({ first, count, tasks }: Frame): readonly number[] {
  return count <= 1 ? [first] : tasks.map(({ index }, position) => index ?? first + position);
}
