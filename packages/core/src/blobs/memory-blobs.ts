import { systemClock } from "../clock.ts";
import type { BlobStore } from "../contract/blob-store.ts";
import type { Clock } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { checkKind, checkKnown, checkWhole } from "../option-checks.ts";
import { checkKey } from "./blob-key.ts";

export interface MemoryBlobOptions {
  /** The most bytes of all blobs together; default 256 MiB. Beyond it senders wait until some are removed. */
  readonly maxBytes?: number | undefined;
  /** For their expiry. */
  readonly clock?: Clock | undefined;
}

const MAX_BYTES = 256 * 1024 * 1024;

/** Looked at on each put: expiry keeps up with what comes, and no put takes long. */
const SWEPT = 16;

interface Blob {
  readonly bytes: Uint8Array;
  /** Monotonic ms. */
  readonly expiresAt: number;
}

/** Blobs in this process, for tests and for the memory backend. Throws `CONFIG_INVALID` for a bad option. */
export function memoryBlobs(options: MemoryBlobOptions = {}): BlobStore {
  checkKnown("memory blobs", options, ["maxBytes", "clock"]);
  const clock = checkKind("clock", options.clock ?? systemClock(), ["now"]);
  return new MemoryBlobs(checkWhole("maxBytes", options.maxBytes ?? MAX_BYTES, 1, Number.MAX_SAFE_INTEGER), clock);
}

class MemoryBlobs implements BlobStore {
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #blobs = new Map<string, Blob>();
  #sweep: Iterator<[string, Blob]> = this.#blobs.entries();
  #bytes = 0;

  constructor(maxBytes: number, clock: Clock) {
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  async put(key: string, bytes: Uint8Array, { expiresAfterMs }: { readonly expiresAfterMs: number }): Promise<void> {
    checkKey(key);
    this.#expire();
    this.#delete(key);
    if (this.#bytes + bytes.length > this.#maxBytes) {
      throw new DispatchError(
        "THROTTLED",
        `${bytes.length} bytes more than the ${this.#bytes} of ${this.#maxBytes} that there are`,
      );
    }
    this.#blobs.set(key, { bytes: Buffer.from(bytes), expiresAt: this.#clock.now() + expiresAfterMs });
    this.#bytes += bytes.length;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const blob = this.#blobs.get(checkKey(key));
    return blob === undefined || this.#clock.now() >= blob.expiresAt ? undefined : blob.bytes;
  }

  async remove(key: string): Promise<void> {
    this.#delete(checkKey(key));
  }

  #delete(key: string): void {
    this.#bytes -= this.#blobs.get(key)?.bytes.length ?? 0;
    this.#blobs.delete(key);
  }

  /** Goes round over all of them, a few at a time; what is added or removed meanwhile does not disturb it. */
  #expire(): void {
    for (let looked = 0; looked < SWEPT; looked += 1) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = this.#blobs.entries();
        return;
      }
      const [key, { expiresAt }] = next.value;
      if (this.#clock.now() >= expiresAt) this.#delete(key);
    }
  }
}
