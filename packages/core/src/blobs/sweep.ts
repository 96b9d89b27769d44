import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { BLOB_KEY } from "../contract/blob-store.ts";
import { expiryAt, UNFINISHED } from "./blob-file.ts";

/** Files looked at in one step: a put makes one, so expiry keeps up with what comes. */
const STEP_FILES = 8;

/** What is still being written after an hour, nobody writes any more. */
const UNFINISHED_MS = 3_600_000;

const SHARDS = 256;

/**
 * Removes what has expired, a little at a time: each step reads the names of at most one of the 256 folders, and looks at no more than eight files. Several
 * processes may sweep the same folder.
 */
export class Sweep {
  readonly #folder: string;
  #shard: number;
  #names: string[] = [];
  #busy = false;

  /** `shard`: where to begin (0 to 255), so that short-lived processes do not all begin at the same place. */
  constructor(folder: string, shard: number) {
    this.#folder = folder;
    this.#shard = shard;
  }

  /** Never throws: what could not be removed now is found again in the next round. */
  async step(wallMs: number): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const shard = join(this.#folder, this.#shard.toString(16).padStart(2, "0"));
      if (this.#names.length === 0) this.#names = await readdir(shard).catch(() => []);
      for (const name of this.#names.splice(0, STEP_FILES)) await this.#look(join(shard, name), name, wallMs);
      if (this.#names.length === 0) this.#shard = (this.#shard + 1) % SHARDS;
    } finally {
      this.#busy = false;
    }
  }

  /** What is neither a blob nor the beginning of one is not ours, and stays. */
  async #look(path: string, name: string, wallMs: number): Promise<void> {
    try {
      if (BLOB_KEY.test(name)) {
        const expiresAt = await expiryAt(path);
        if (expiresAt !== undefined && expiresAt <= wallMs) await rm(path, { force: true });
      } else if (name.endsWith(UNFINISHED)) {
        const { mtimeMs } = await stat(path);
        if (mtimeMs + UNFINISHED_MS <= wallMs) await rm(path, { force: true });
      }
    } catch {
      // Another process was quicker, or may not; see above.
    }
  }
}
