import type { Commit, Meaning, Place, Standing } from "./port.ts";
import type { Tracker } from "./tracker.ts";

/** So much of a partition is done before the log is asked to forget it. */
const TRIM_OFFSETS = 10_000;

export interface CommittingPort {
  /** Under what to write; `undefined` while that is not certain: then nothing is written. */
  standing(): Standing | "nobody" | undefined;
  trackers(): Iterable<Tracker>;
  /** Does a commit say what was handed out? */
  readonly isMarked: boolean;
  write(as: Standing | undefined, commits: readonly Commit[]): Promise<void>;
  /** Removes what is done from the log. Answers whether it is gone; must not reject. */
  trim?: ((places: readonly (Place & { readonly offset: number })[]) => Promise<boolean>) | undefined;
  meaning(error: unknown): Meaning;
  /** A commit was not written; `failures`: so many in turn by now. */
  failed(error: unknown, meaning: Meaning, failures: number): void;
}

/** Done when what it waits for is written, or will not be. */
type Waiting = (isWritten: boolean) => void;

/**
 * Writes what is done and what was handed out: one commit at a time, for all partitions in which anything has happened since; what is asked for meanwhile
 * is in the next one. So the number of commits follows from the time of one, whatever the number of frames.
 */
export class Committing {
  readonly #port: CommittingPort;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #failures = 0;

  constructor(port: CommittingPort) {
    this.#port = port;
  }

  /** Is called back with whether all that has happened until now is written: soon, and never from within this call. */
  whenWritten(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#running ??= this.#run();
  }

  /** Resolves when all that has happened until now is written, or could not be. */
  flush(): Promise<boolean> {
    return new Promise((resolve) => this.whenWritten(resolve));
  }

  /** The last commit of some trackers, as far as it can be written: nothing of them is in anybody's hand from now on. */
  async clear(trackers: readonly Tracker[]): Promise<void> {
    await this.#running;
    if (this.#standing === undefined || trackers.length === 0) return;
    await this.#write(trackers, false).catch(() => {});
    // Also what was asked for in vain: nobody of this process asks again.
    this.#trim(trackers.filter(({ ledger, trimmedBelow }) => ledger.base > trimmedBelow));
  }

  get #standing(): Standing | "nobody" | undefined {
    return this.#port.standing();
  }

  async #run(): Promise<void> {
    // What happens in this turn of the event loop is in the commit, too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      const isWritten = await this.#once();
      for (const told of waiting) told(isWritten);
    }
    this.#running = undefined;
  }

  async #once(): Promise<boolean> {
    if (this.#standing === undefined) return false;
    const dirty = [...this.#port.trackers()].filter(({ isDirty }) => isDirty);
    if (dirty.length === 0) return true;
    try {
      const written = this.#write(dirty, this.#port.isMarked);
      for (const tracker of dirty) tracker.isDirty = false;
      await written;
      this.#failures = 0;
    } catch (error) {
      for (const tracker of dirty) tracker.isDirty = true;
      this.#failures += 1;
      this.#port.failed(error, this.#port.meaning(error), this.#failures);
      return false;
    }
    this.#trim(dirty.filter(({ ledger, trimTriedBelow }) => ledger.base - trimTriedBelow >= TRIM_OFFSETS));
    return true;
  }

  async #write(trackers: readonly Tracker[], isMarked: boolean): Promise<void> {
    // Where there is no note that says it, for a member whose id is too long, this is a commit that fails, too.
    const as = this.#standing;
    const standing = as === "nobody" ? undefined : as;
    const commits = trackers.map((tracker) => tracker.commit(standing?.memberId ?? "", isMarked));
    await this.#port.write(standing, commits);
  }

  #trim(done: readonly Tracker[]): void {
    // What fails is asked for again with what is due next, or at the end: as often as if nothing had failed, however long that lasts.
    if (done.length === 0 || this.#port.trim === undefined) return;
    for (const tracker of done) tracker.trimTriedBelow = tracker.ledger.base;
    const places = done.map(({ topic, partition, trimTriedBelow: offset }) => ({ topic, partition, offset }));
    void this.#port.trim(places).then((isGone) => {
      if (!isGone) return;
      for (const [at, tracker] of done.entries())
        tracker.trimmedBelow = Math.max(tracker.trimmedBelow, places[at]?.offset ?? 0);
    });
  }
}
