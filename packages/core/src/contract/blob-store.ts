/**
 * Where bodies lie that are too large for a frame: the frame then carries a claim check instead. Implemented by core's memory and file stores, and by
 * users, for an object store of theirs. Every verb may be called concurrently, by many processes.
 *
 * A key is 32 hexadecimal digits, chosen by core at random and never used for another blob; a store may rely on that, and must check it before it makes
 * a path of it. What is thrown is the client's own error, unwrapped: core tries again and wraps it. A verb settles soon after `signal` fires.
 */
export interface BlobStore {
  /** Keeps the bytes under the key, for at least `expiresAfterMs`; durable when it resolves, as far as the store is. Again under the same key: the same. */
  put(key: string, bytes: Uint8Array, options: { readonly expiresAfterMs: number }, signal: AbortSignal): Promise<void>;

  /** `undefined` where there is nothing under the key, any more or yet: an answer, not an error. Core checks size and checksum. */
  get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;

  /** What is not there is not an error. */
  remove(key: string, signal: AbortSignal): Promise<void>;
}

/** What a key looks like. */
export const BLOB_KEY = /^[0-9a-f]{32}$/;
