import type { Surroundings } from "./surroundings.ts";

/** Lines for people on standard error, beside a bar that may stand in the last one. */
export interface Screen {
  readonly isTerminal: boolean;
  readonly stream: Surroundings["stderr"];
  /** Writes one line; a bar that stands there is wiped first and drawn again at its next turn. */
  line(text: string): void;
}

const WIPE_LINE = "\r\u001b[K";

/** Makes a screen of a stream. What cannot be written because nobody reads any more is dropped. */
export function screenOn(stream: Surroundings["stderr"]): Screen {
  const isTerminal = stream.isTTY === true;
  stream.on("error", () => {});
  return {
    isTerminal,
    stream,
    line: (text) => void stream.write(isTerminal ? `${WIPE_LINE}${text}\n` : `${text}\n`),
  };
}
