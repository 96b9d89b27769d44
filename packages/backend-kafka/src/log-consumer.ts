import { CommitTimer, decodeNote, lostAtTakeOver, reconnectMs } from "@org/dispatch-core/adapter-kit";
import type { Clock, ErrorClass } from "@org/dispatch-core/contract";
import { AsideCommits } from "./aside-commits.ts";
import { Committing } from "./committing.ts";
import { Feeding } from "./feeding.ts";
import { KafkaRefusal, missing } from "./kafka-error.ts";
import type { Holder, Membership } from "./membership.ts";
import { keyOf, shareOf } from "./places.ts";
import type { Bounds, LogLink, LogRecord, Meaning, Place, Share, Standing } from "./port.ts";
import { unlessAborted } from "./signals.ts";
import type { Taker } from "./taker.ts";
import { Tracker } from "./tracker.ts";

/** So many completions are committed at once, whatever the time. */
const COMMIT_FRAMES = 500;

export interface LogConsumerPort {
  readonly link: LogLink;
  /** Another one. */
  anotherLink(): LogLink;
  readonly group: string;
  readonly clock: Clock;
  readonly ackLagMs: number;
  /** Does a commit say what was handed out, and is what is done removed from the log? Not where several groups read the same. */
  readonly isShared: boolean;
  classify(error: unknown): ErrorClass;
  meaning(error: unknown): Meaning;
  join(holder: Holder): Membership;
}

/** The queues that one group reads, as this process reads them: which partitions it has, what of them is handed out, and what is done. */
export class LogConsumer implements Holder {
  readonly #port: LogConsumerPort;
  readonly #membership: Membership;
  readonly #feeding: Feeding;
  readonly #committing: Committing;
  readonly #commits: CommitTimer;
  readonly #takers = new Map<string, Taker>();
  #trackers = new Map<string, Tracker>();
  /** By topic, and which of them is the next to be asked. */
  readonly #turns = new Map<string, { readonly trackers: Tracker[]; at: number }>();
  /** Under what commits are written; `undefined` where they would be refused. */
  #standing: Standing | "nobody" | undefined;
  #whileJoining: AsideCommits | undefined;
  /** Of the last assignment. */
  #generation = 0;
  #isStable = false;
  #mayTrim = true;
  #hasEnded = false;

  constructor(port: LogConsumerPort) {
    const { clock, link, group, isShared, ackLagMs } = port;
    this.#port = port;
    const meaning = (error: unknown) => port.meaning(error);
    const trackers = () => this.#trackers.values();
    this.#feeding = new Feeding({
      clock,
      link,
      trackers,
      meaning,
      has: (tracker) => this.has(tracker),
      brought: () => this.#pull(),
      restart: (tracker, bounds) => this.#restart(tracker, bounds),
      failed: (error, topic) => this.failed(error, topic),
    });
    this.#committing = new Committing({
      trackers,
      meaning,
      isMarked: isShared,
      standing: () => this.#standing,
      write: (as, commits) => this.#whileJoining?.write(group, as, commits) ?? link.commit(group, as, commits),
      failed: (error, means, failures) => this.#refused(error, means, failures),
      trim: isShared ? (places) => this.#trim(places) : undefined,
    });
    this.#commits = new CommitTimer({
      clock,
      everyMs: ackLagMs,
      everyFrames: COMMIT_FRAMES,
      // What an earlier commit failed to mark is to be handed out still.
      commit: () => this.#committing.whenWritten((isWritten) => isWritten && this.#pull()),
    });
    this.#membership = port.join(this);
  }

  /** May something be handed out? */
  get isStable(): boolean {
    return this.#isStable;
  }

  add(taker: Taker): void {
    this.#takers.set(taker.topic, taker);
  }

  /** A source has begun or ceased to be wanted. */
  subscribe(): void {
    if (this.#hasEnded) return;
    const wanted = [...this.#takers.values()].filter(({ isWanted }) => isWanted);
    this.#membership.subscribe(new Set(wanted.map(({ topic }) => topic)));
  }

  /** Has it this partition still, and since then without a break? */
  has(tracker: Tracker): boolean {
    return !tracker.isOver;
  }

  proven(): boolean | Promise<boolean> {
    return this.#membership.proven();
  }

  /** The next record of any of the topic's partitions, in turn. */
  next(topic: string): { readonly tracker: Tracker; readonly record: LogRecord } | undefined {
    const turn = this.#turns.get(topic);
    if (turn === undefined) return undefined;
    for (let tried = 0; tried < turn.trackers.length; tried += 1) {
      turn.at = (turn.at + 1) % turn.trackers.length;
      const tracker = turn.trackers[turn.at] as Tracker;
      const record = tracker.next();
      if (record !== undefined) return { tracker, record };
    }
    return undefined;
  }

  /** What was taken of these is to be handed out. Answers whether that is written; where nobody takes over, there is nothing to write. */
  grant(trackers: readonly Tracker[], answer: (isMarked: boolean) => void): void {
    this.#feeding.kick();
    if (!this.#port.isShared) {
      answer(true);
      return;
    }
    for (const tracker of trackers) tracker.isDirty = true;
    this.#committing.whenWritten(answer);
  }

  finish(tracker: Tracker, offset: number): void {
    if (!this.has(tracker) || !tracker.ledger.finish(offset)) return;
    tracker.isDirty = true;
    this.#commits.done(1);
  }

  /** What is done is made durable now. */
  async flush(): Promise<void> {
    if (this.#standing !== undefined) await this.#committing.flush();
  }

  /** Has this process any partition of it? */
  hasAny(topic: string): boolean {
    return this.#turns.has(topic);
  }

  async mustBe(topic: string): Promise<void> {
    // Of a topic that was deleted a member has nothing, and would wait for ever.
    if (!this.#isStable || this.hasAny(topic)) return;
    if (!(await this.#port.link.partitions([topic])).has(topic)) throw missing(topic);
  }

  /** Is there anything in the log that this process should have read by now? */
  async isBehind(topic: string, signal: AbortSignal): Promise<boolean> {
    if (!this.#isStable) return true;
    const trackers = this.#turns.get(topic)?.trackers ?? [];
    if (trackers.some(({ hasNext }) => hasNext)) return true;
    const ends = await unlessAborted(
      this.#port.link.ends(new Map([[topic, trackers.map(({ partition }) => partition)]])),
      signal,
    );
    return ends.some(({ partition, high }) => {
      const tracker = trackers.find((one) => one.partition === partition);
      // What came meanwhile has been read, and nobody was there to take it.
      return tracker?.hasNext === true || (tracker?.isHungry === true && tracker.readTo < high);
    });
  }

  /** What is below was removed from the log. */
  purged(places: readonly (Place & { readonly offset: number })[]): void {
    for (const place of places) {
      this.#trackers.get(keyOf(place))?.purge(place.offset);
      this.#takers.get(place.topic)?.purge(place);
    }
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    for (const taker of this.#takers.values()) taker.end();
    await this.#membership.end();
    this.#commits.stop();
    this.#feeding.end();
    this.#joined();
    this.#port.link.close();
  }

  owned(): Share {
    return shareOf(this.#trackers.values());
  }

  async revoking(topics: ReadonlySet<string>): Promise<void> {
    this.#isStable = false;
    await this.#committing.flush();
    // An orderly end of these clears the grant mark: what was handed out and is not done was only given back.
    await this.#committing.clear([...this.#trackers.values()].filter(({ topic }) => !topics.has(topic)));
  }

  joining(): void {
    this.#isStable = false;
    this.#whileJoining ??= new AsideCommits(() => this.#port.anotherLink());
  }

  async assigned(
    as: Standing | "nobody",
    places: readonly Place[],
    group: { readonly members: ReadonlySet<string>; readonly own: ReadonlySet<string> },
  ): Promise<void> {
    const before = this.#trackers;
    // Who has missed a generation does not know whose its partitions were in it: the commits do.
    const hasMissed = as !== "nobody" && as.generation !== this.#generation + 1;
    const asked = places.filter((place) => hasMissed || !before.has(keyOf(place)));
    const came = new Map((await this.#taken(asked, group)).map((tracker) => [keyOf(tracker), tracker]));
    this.#trackers = new Map(
      places.map((place) => [keyOf(place), (came.get(keyOf(place)) ?? before.get(keyOf(place))) as Tracker]),
    );
    for (const [key, tracker] of before) tracker.isOver ||= this.#trackers.get(key) !== tracker;
    this.#standing = as;
    this.#joined();
    if (as !== "nobody") this.#generation = as.generation;
    // Who ended meanwhile takes nothing up, but has to be able to say that nothing is in its hand any more: else all of that would count as lost.
    if (this.#hasEnded) return;
    this.#isStable = true;
    if (came.size > 0) this.#committing.whenWritten(() => {});
    this.#changed();
  }

  lost(): void {
    this.#isStable = false;
    this.#standing = undefined;
    this.#joined();
    for (const tracker of this.#trackers.values()) tracker.isOver = true;
    this.#trackers = new Map();
    this.#commits.stop();
    this.#changed();
  }

  failed(error: unknown, topic?: string): void {
    for (const taker of this.#takers.values()) if (topic === undefined || taker.topic === topic) taker.fail(error);
  }

  /** Each begins where its holder before has left it. */
  async #taken(
    places: readonly Place[],
    group: { readonly members: ReadonlySet<string>; readonly own: ReadonlySet<string> },
  ): Promise<Tracker[]> {
    if (places.length === 0) return [];
    const share = shareOf(places);
    const { link, group: name, isShared } = this.#port;
    const topics = [...share.keys()];
    await link.partitions(topics);
    const ids = Promise.all(topics.map(async (topic) => [topic, await this.#logId(topic)] as const));
    const committed = await link.committed(name, share);
    const logIds = new Map(await ids);
    return committed.map((commit) => {
      const base = Math.max(0, commit.offset);
      const note = decodeNote(base, commit.note);
      const before = this.#trackers.get(keyOf(commit));
      // Nobody else has handed anything out of it: it goes on as it is.
      if (before !== undefined && group.own.has(note?.by ?? "")) return before;
      const lostBelow = isShared ? lostAtTakeOver(note, group) : 0;
      const tracker = new Tracker(commit, {
        base,
        done: note?.done ?? [],
        lostBelow,
        logId: logIds.get(commit.topic),
      });
      // The mark of the holder before is judged now: later, when that one has left, it would be taken for lost.
      tracker.isDirty = note?.grantedBelow !== undefined;
      return tracker;
    });
  }

  #changed(): void {
    this.#turns.clear();
    for (const tracker of this.#trackers.values()) {
      const turn = this.#turns.get(tracker.topic);
      if (turn === undefined) this.#turns.set(tracker.topic, { trackers: [tracker], at: 0 });
      else turn.trackers.push(tracker);
    }
    for (const taker of this.#takers.values()) taker.changed();
    if ([...this.#trackers.values()].some(({ isDirty }) => isDirty)) this.#commits.failed();
    this.#feeding.kick();
  }

  async #logId(topic: string): Promise<string | undefined> {
    // Nobody needs it to go on.
    return this.#port.link.logId?.(topic).catch(() => undefined);
  }

  async #restart(tracker: Tracker, { low, high }: Bounds): Promise<void> {
    // What was cut off is gone, and all else of it stands as it was. Another log is read from its start, and so is one of which nobody can say that it is the same.
    const { topic, partition, ledger, readTo, lostBelow } = tracker;
    const logId = await this.#logId(topic);
    if (!this.has(tracker)) return;
    const isSame = logId !== undefined && tracker.hasReadOf(logId);
    const done = ledger.doneAbove().filter((offset) => offset < high);
    const from = isSame
      ? { base: Math.min(ledger.base, high), done, lostBelow }
      : { base: low, done: [], lostBelow: 0 };
    tracker.isOver = true;
    this.#trackers.set(keyOf(tracker), new Tracker(tracker, { ...from, logId }));
    this.#changed();
    const what = `partition ${partition} of the topic ${topic} ends at ${high}, was read to ${readTo}`;
    this.failed(new KafkaRefusal("UNAVAILABLE", `${what}, and is read from ${from.base}`));
  }

  #pull(): void {
    for (const taker of this.#takers.values()) taker.pull();
  }

  #joined(): void {
    this.#whileJoining?.end();
    this.#whileJoining = undefined;
  }

  #refused(error: unknown, means: Meaning, failures: number): void {
    // At the end what is asked for once more would only be waited for, too.
    if (!this.#hasEnded) this.#commits.failed(means === "none" ? reconnectMs(failures) : undefined);
    // Nothing can be handed out until it is written, and it may never be.
    if (means === "none") this.failed(error);
    // Who is not certain of its standing hands nothing out, until it has asked.
    if (means !== "evicted" && means !== "rebalancing") return;
    // Who joins is asking already: all have joined, and what follows is written under the new one.
    if (this.#whileJoining !== undefined) this.#standing = undefined;
    this.#isStable = false;
    this.#membership.doubt();
  }

  async #trim(places: readonly (Place & { readonly offset: number })[]): Promise<boolean> {
    if (!this.#mayTrim) return false;
    try {
      await this.#port.link.deleteBelow(places);
      return true;
    } catch (error) {
      // Who has no right to has none later: then the log keeps what is done, as long as the topic says. All else passes.
      if (this.#port.classify(error).code === "DENIED") this.#mayTrim = false;
      return false;
    }
  }
}
