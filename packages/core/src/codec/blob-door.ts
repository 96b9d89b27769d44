import type { Random } from "../backoff.ts";
import type { BlobStore } from "../contract/blob-store.ts";
import type { Clock } from "../contract/index.ts";
import { DispatchError, printed } from "../errors.ts";
import { retrying, TRY_MS, type Until } from "../retrying.ts";

/** How long a verb is tried where the caller gives no time. */
const CALL_MS = 30_000;

export interface BlobDoorOptions {
  readonly store: BlobStore;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The one door to a blob store: each try has its time, what fails is tried again with back-off within the caller's time, and what is thrown is wrapped
 * once, as `UNAVAILABLE` or `TIMED_OUT` (a DispatchError of the store's own keeps its code). Also a store that ignores its signal holds nobody up.
 */
export class BlobDoor {
  readonly #store: BlobStore;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ store, clock, random }: BlobDoorOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  put(key: string, bytes: Uint8Array, expiresAfterMs: number, until: Until | undefined): Promise<void> {
    return this.#retrying("put", until, (signal) => this.#store.put(key, bytes, { expiresAfterMs }, signal));
  }

  /** Not for as long as a signal lets it: who waits for a payload holds a slot that others could use. */
  get(key: string, until: Until | undefined): Promise<Uint8Array | undefined> {
    const { signal, deadline = this.#clock.now() + CALL_MS } = until ?? {};
    return this.#retrying("get", { signal, deadline }, (bound) => this.#store.get(key, bound));
  }

  /** Once, and never throws: what stays behind expires. */
  async remove(key: string): Promise<void> {
    await this.#once("remove", {}, (signal) => this.#store.remove(key, signal)).catch(() => {});
  }

  #retrying<T>(verb: string, until: Until | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const given = until?.deadline !== undefined || until?.signal !== undefined;
    const bound: Until = given ? (until as Until) : { deadline: this.#clock.now() + CALL_MS };
    return retrying({ clock: this.#clock, random: this.#random }, bound, () => this.#once(verb, bound, run));
  }

  /** One try; throws only DispatchError. */
  #once<T>(verb: string, until: Until, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const outer = until.signal;
    const boundMs = Math.max(0, Math.min(TRY_MS, (until.deadline ?? Number.POSITIVE_INFINITY) - this.#clock.now()));
    const controller = new AbortController();
    return new Promise<T>((resolve, reject) => {
      const end = (error: DispatchError) => {
        free();
        reject(error);
        controller.abort(error);
      };
      const stop = () => end(new DispatchError("CLOSED", `blob store ${verb}: ended by its caller`));
      const free = () => {
        timer.cancel();
        outer?.removeEventListener("abort", stop);
      };
      const late = `blob store ${verb} took longer than ${Math.round(boundMs)} ms`;
      const timer = this.#clock.after(boundMs, () => end(new DispatchError("TIMED_OUT", late)));
      if (outer?.aborted) return stop();
      outer?.addEventListener("abort", stop, { once: true });
      // Inside of a promise: a store that throws at once is no other than one that rejects.
      void Promise.resolve(controller.signal)
        .then(run)
        .then(
          (answer) => {
            free();
            resolve(answer);
          },
          (error: unknown) => {
            free();
            reject(wrapped(verb, error));
          },
        );
    });
  }
}

function wrapped(verb: string, error: unknown): DispatchError {
  if (error instanceof DispatchError) return error;
  return new DispatchError("UNAVAILABLE", `blob store ${verb}: ${printed(error)}`, { cause: error });
}
