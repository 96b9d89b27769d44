import { codes } from "@org/dispatch-core";

/** Stands for every name that has no series of its own. */
export const OTHER = "_other";

/** The names that may be labels: those that were registered, up to a bound. Whatever comes from a frame is looked up here, never added. */
export class LabelNames {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number, known: readonly string[] = []) {
    this.#most = most;
    for (const name of known) this.register(name);
  }

  /** Answers whether it is new. */
  register(name: string): boolean {
    if (this.#known.size >= this.#most || this.#known.has(name)) return false;
    this.#known.add(name);
    return true;
  }

  labelOf(name: string): string {
    return this.#known.has(name) ? name : OTHER;
  }
}

/** A code as a label: nothing where there is none, and one word for all that are not of the closed list, as a handler's own or a forged one. */
export function reasonOf(code: string | undefined): string {
  if (code === undefined) return "";
  return Object.hasOwn(codes, code) ? code : OTHER;
}
