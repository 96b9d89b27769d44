import type { Delivery } from "./contract/index.ts";

// An adapter may be written without types: what it answers is looked at before anybody counts on it.

/** The words of all verbs beside `"ok"`. */
const WORDS: ReadonlySet<unknown> = new Set(["duplicate", "gone", "lost"]);

export function isFailed(answer: unknown): answer is { readonly failed: unknown } {
  return typeof answer === "object" && answer !== null && "failed" in answer;
}

/** Where none of the items has an answer, the call has none: an adapter that keeps its items apart does not throw then. */
export function firstOfFailed(answers: readonly unknown[]): unknown {
  const [first] = answers;
  return isFailed(first) && answers.every(isFailed) ? first.failed : undefined;
}

/** Does it say what became of an item, other than that it is done or has failed? */
export function isSaid(answer: unknown): boolean {
  return WORDS.has(answer) || (typeof answer === "object" && answer !== null && ("lost" in answer || "gone" in answer));
}

/** Has it all that core needs of a frame? */
export function isDelivery(delivery: Partial<Delivery> | null | undefined): boolean {
  return ArrayBuffer.isView(delivery?.bytes) && delivery.receipt?.queue !== undefined;
}
