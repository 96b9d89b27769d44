import type { Commit, LogLink, Standing } from "./port.ts";

/**
 * Commits of a member that joins again: it waits for the others, for up to a session where one is gone, and a broker answers one request of a connection after
 * the other. Until all have joined the broker takes them under the old generation, and whoever is given the partition then knows of them.
 */
export class AsideCommits {
  readonly #make: () => LogLink;
  #link: LogLink | undefined;
  #isUnderWay = false;
  #hasEnded = false;

  /** `make`: a link, which is made with the first commit. */
  constructor(make: () => LogLink) {
    this.#make = make;
  }

  /** One at a time. */
  async write(group: string, as: Standing | undefined, commits: readonly Commit[]): Promise<void> {
    this.#link ??= this.#make();
    this.#isUnderWay = true;
    try {
      await this.#link.commit(group, as, commits);
    } finally {
      this.#isUnderWay = false;
      if (this.#hasEnded) this.#link.close();
    }
  }

  /** The join is over: what is under way is still written. */
  end(): void {
    this.#hasEnded = true;
    if (!this.#isUnderWay) this.#link?.close();
  }
}
