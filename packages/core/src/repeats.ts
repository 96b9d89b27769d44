import type { OutFrame } from "./contract/index.ts";

/** What is answered to frames of a call that are sent once more. */
export class Repeats {
  readonly #frames: readonly OutFrame[];
  readonly #answers: readonly unknown[];
  /** Those of the frames that the broker has. */
  #ids: Set<string> | undefined;

  constructor(frames: readonly OutFrame[], answers: readonly unknown[]) {
    this.#frames = frames;
    this.#answers = answers;
  }

  /**
   * A frame is sent again only where it failed, so a duplicate is of its own earlier try: `"ok"`. Where another frame of the call has taken the id, it is of
   * that. The ids of other calls nobody here knows.
   */
  said(place: number, answer: unknown): unknown {
    if (answer !== "ok" && answer !== "duplicate") return answer;
    this.#ids ??= new Set(this.#frames.filter((_, at) => this.#answers[at] === "ok").map(({ id }) => id));
    const { id } = this.#frames[place] as OutFrame;
    if (answer === "duplicate" && this.#ids.has(id)) return answer;
    this.#ids.add(id);
    return "ok";
  }
}
