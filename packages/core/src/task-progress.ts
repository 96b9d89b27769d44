import { encodeJson } from "./codec/json.ts";
import type { Frame, Observer } from "./contract/index.ts";
import { DispatchError, printed } from "./errors.ts";
import type { Beater } from "./work/beater.ts";

/** Progress is for a bar or a line of a log. */
const PROGRESS_BYTES = 16_384;

/** What a handler reports. Taken as it is now, since it may change later; a value that cannot travel costs nothing but itself. */
export function reportProgress(frame: Frame, value: unknown, beater: Beater, observer: Observer | undefined): void {
  try {
    const json = encodeJson(value ?? null);
    if (json.length > PROGRESS_BYTES)
      throw new DispatchError("TOO_LARGE", `progress of ${json.length} characters, the most is ${PROGRESS_BYTES}`);
    beater.progressed(frame, JSON.parse(json));
  } catch (error) {
    const message = `progress of ${frame.name}: ${printed(error)}`;
    observer?.({ event: "warning", code: "INPUT_INVALID", message });
  }
}
