import type { Headers } from "./contract/index.ts";
import { DispatchError, propertyOf } from "./errors.ts";

/** Refuses keys that are not known, naming the nearest one. Throws `CONFIG_INVALID`, as all of these do. */
export function checkKnown(what: string, options: object, keys: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (keys.includes(key)) continue;
    const near = keys.map((candidate) => [distance(key, candidate), candidate] as const).sort((a, b) => a[0] - b[0])[0];
    const hint =
      near !== undefined && near[0] <= Math.max(2, key.length / 3)
        ? `; did you mean ${near[1]}?`
        : `; known are ${keys.join(", ")}`;
    throw new DispatchError("CONFIG_INVALID", `${what}: unknown option ${key}${hint}`);
  }
}

/** A frame counts so far: a copy beyond it would have the name of the one before. */
export const MOST_ATTEMPTS = 65_535;

/** A whole number in a range; answers it. */
export function checkWhole(key: string, value: number, least: number, most: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > most) {
    throw new DispatchError(
      "CONFIG_INVALID",
      `${key} is ${String(value)}, not a whole number from ${least} to ${most}`,
    );
  }
  return value;
}

/** One of a few words; answers it. */
export function checkWord<W extends string>(key: string, value: W, words: readonly W[]): W {
  if (!words.includes(value)) {
    throw new DispatchError("CONFIG_INVALID", `${key} is ${JSON.stringify(value)}, not one of ${words.join(", ")}`);
  }
  return value;
}

/** Options that are no numbers, by what `typeof` says of them; an object must have the methods that are named. */
export function checkKind<T>(key: string, value: T, kind: "boolean" | "function" | readonly string[]): T {
  const fits =
    typeof kind === "string"
      ? typeof value === kind
      : typeof value === "object" && kind.every((method) => typeof propertyOf(value, method) === "function");
  if (!fits) {
    const wanted = typeof kind === "string" ? `a ${kind}` : `an object with ${kind.join(", ")}`;
    throw new DispatchError("CONFIG_INVALID", `${key} is not ${wanted}`);
  }
  return value;
}

const MOST_TEXT = 1_024;

/** A short text, such as an id or a key. */
export function checkText(key: string, value: string): void {
  if (typeof value !== "string" || value.length === 0 || value.length > MOST_TEXT || !value.isWellFormed()) {
    throw new DispatchError("CONFIG_INVALID", `${key} is not a well-formed text of 1 to ${MOST_TEXT} characters`);
  }
}

const HEADERS_CHARACTERS = 32_768;

/** Headers: texts by name, 32 Ki characters in all where `most` does not say otherwise. */
export function checkHeaders(headers: Headers, most = HEADERS_CHARACTERS): void {
  let characters = 0;
  const entries: [string, unknown][] =
    typeof headers === "object" && headers !== null ? Object.entries(headers) : [["", undefined]];
  for (const [key, value] of entries) {
    if (typeof value !== "string")
      throw new DispatchError("CONFIG_INVALID", `headers: ${JSON.stringify(key)} is not a text`);
    characters += key.length + value.length;
  }
  if (characters > most)
    throw new DispatchError("CONFIG_INVALID", `headers: ${characters} characters, the most is ${most}`);
}

/** How many letters must change to get from one word to the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    }
    row = next;
  }
  return row[b.length] as number;
}
