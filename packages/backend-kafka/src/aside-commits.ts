import type { Commit, LogLink, Standing } from "./port.ts";

/**
 * Commits of a member that joins again: it waits for the others, for up to a session where one is gone, and a broker answers one request of a connection after
 * the other. Until all have joined the broker takes them under the old generation, and whoever is given the partition then knows of them. One at a time, over a link
 * that is made with the first, and closed when the join is over and what is under way is written.
 */
export class AsideCommits {
  readonly #make: () => LogLink;
  #link: LogLink | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(make: () => LogLink) {
    this.#make = make;
  }

  write(group: string, as: Standing | undefined, commits: readonly Commit[]): Promise<void> {
    this.#link ??= this.#make();
    const written = this.#link.commit(group, as, commits);
    this.#writing = written.catch(() => {});
    return written;
  }

  end(): void {
    void this.#writing.then(() => this.#link?.close());
  }
}
