import { randomInt } from "node:crypto";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { systemClock } from "../clock.ts";
import type { BlobStore } from "../contract/blob-store.ts";
import type { Clock } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { checkKind, checkKnown } from "../option-checks.ts";
import { pathOf, readBlob, writeBlob } from "./blob-file.ts";
import { Sweep } from "./sweep.ts";

export interface FileBlobOptions {
  /** For their expiry: its wall clock. */
  readonly clock?: Clock | undefined;
}

/**
 * Blobs as files in a folder that all processes share, which may be on a network drive. It is made at the first put; who may read it follows from the
 * process's umask. Throws `CONFIG_INVALID` for a bad option.
 */
export function fileBlobs(folder: string, options: FileBlobOptions = {}): BlobStore {
  checkKnown("file blobs", options, ["clock"]);
  if (typeof folder !== "string" || folder === "") throw new DispatchError("CONFIG_INVALID", "blobs is not a folder");
  return new FileBlobs(resolve(folder), checkKind("clock", options.clock ?? systemClock(), ["wall"]));
}

class FileBlobs implements BlobStore {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #sweep: Sweep;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
    this.#sweep = new Sweep(folder, randomInt(256));
  }

  async put(key: string, bytes: Uint8Array, { expiresAfterMs }: { readonly expiresAfterMs: number }): Promise<void> {
    const path = pathOf(this.#folder, key);
    await this.#sweep.step(this.#clock.wall());
    await writeBlob(path, bytes, this.#clock.wall() + expiresAfterMs);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return readBlob(pathOf(this.#folder, key), this.#clock.wall());
  }

  async remove(key: string): Promise<void> {
    await rm(pathOf(this.#folder, key), { force: true });
  }
}
