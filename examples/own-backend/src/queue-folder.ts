import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FileName, type LeasedName, leasedName, parseLeased, parseReady, readyName } from "./file-name.ts";

/**
 * One queue: a folder `ready` and a folder `leased`. Every change is one rename (or one unlink), which the file system does for one caller only: of two
 * that want the same file, the later one is told that it is not there. That is all the locking there is.
 */
export class QueueFolder {
  readonly path: string;
  readonly #ready: string;
  readonly #leased: string;

  constructor(path: string) {
    this.path = path;
    this.#ready = join(path, "ready");
    this.#leased = join(path, "leased");
  }

  async make(): Promise<void> {
    await mkdir(this.#ready, { recursive: true });
    await mkdir(this.#leased, { recursive: true });
  }

  /** Throws ENOENT where it is not there. */
  async check(): Promise<void> {
    await stat(this.#ready);
  }

  /** False: there is no such queue. The file is whole when it appears. */
  async put(bytes: Uint8Array, name: FileName, drafts: string): Promise<boolean> {
    const draft = join(drafts, name.unique);
    await writeFile(draft, bytes);
    if (await moved(draft, join(this.#ready, readyName(name)))) return true;
    await unlink(draft);
    return false;
  }

  async ready(): Promise<FileName[]> {
    return (await namesIn(this.#ready)).map(parseReady);
  }

  async leased(): Promise<LeasedName[]> {
    return (await namesIn(this.#leased)).map(parseLeased);
  }

  /** False: somebody else was faster. */
  take(name: FileName, lease: LeasedName): Promise<boolean> {
    return moved(join(this.#ready, readyName(name)), join(this.#leased, leasedName(lease)));
  }

  /** False: it is not held under this name any more. */
  extend(lease: LeasedName, longer: LeasedName): Promise<boolean> {
    return moved(join(this.#leased, leasedName(lease)), join(this.#leased, leasedName(longer)));
  }

  /** As above. */
  giveBack(lease: LeasedName, name: FileName): Promise<boolean> {
    return moved(join(this.#leased, leasedName(lease)), join(this.#ready, readyName(name)));
  }

  /** As above. */
  drop(lease: LeasedName): Promise<boolean> {
    return found(unlink(join(this.#leased, leasedName(lease))));
  }

  dropReady(name: FileName): Promise<boolean> {
    return found(unlink(join(this.#ready, readyName(name))));
  }

  /** What a file holds; `undefined` where it is gone. */
  read(name: FileName | LeasedName): Promise<Uint8Array | undefined> {
    const path = "grant" in name ? join(this.#leased, leasedName(name)) : join(this.#ready, readyName(name));
    return readFile(path).catch(unlessMissing);
  }
}

/** Renames; false where there is nothing to rename, or nowhere to put it. */
export function moved(from: string, to: string): Promise<boolean> {
  return found(rename(from, to));
}

async function namesIn(folder: string): Promise<string[]> {
  return ((await readdir(folder).catch(unlessMissing)) ?? []).sort();
}

function found(change: Promise<void>): Promise<boolean> {
  return change.then(
    () => true,
    (error: unknown) => unlessMissing(error) ?? false,
  );
}

/** A file that is not there is an answer; everything else is thrown as it is. */
function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
