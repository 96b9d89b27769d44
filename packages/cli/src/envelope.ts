import { type Input, input, invalidInput } from "@org/dispatch-core";
import { MAX_DURATION_MS } from "./options.ts";

type Fields = Readonly<Record<string, unknown>>;

// What core accepts: a fault that is found here has the number of its line.
const MOST_CHARACTERS = 1_024;
const MOST_HEADER_CHARACTERS = 32_768;

/** Each key of an envelope but `payload`: what it has to be, and the test of it. */
const KEYS: Readonly<Record<string, { readonly is: string; readonly fits: (value: unknown) => boolean }>> = {
  id: { is: `a text of 1 to ${MOST_CHARACTERS} characters`, fits: isText },
  priority: { is: "a whole number from 0 to 10", fits: (value) => isWhole(value, 10) },
  delayMs: { is: `a whole number from 0 to ${MAX_DURATION_MS}`, fits: (value) => isWhole(value, MAX_DURATION_MS) },
  key: { is: `a text of 1 to ${MOST_CHARACTERS} characters`, fits: isText },
  headers: { is: `an object of texts, of at most ${MOST_HEADER_CHARACTERS} characters in all`, fits: isHeaders },
};

/**
 * Reads `{payload, id?, priority?, delayMs?, key?, headers?}` as an input with its own options. What does not fit becomes an input whose result is
 * `dead` with INPUT_INVALID; `where` begins its message.
 */
export function readEnvelope(value: unknown, where: string): Input<unknown> {
  const fault = faultOf(value);
  if (fault !== undefined) return invalidInput(`${where}: ${fault}`);
  const { payload, ...options } = value as Fields;
  return input(payload, options as Parameters<typeof input>[1]);
}

function faultOf(value: unknown): string | undefined {
  if (!isObject(value)) return "an envelope is an object with a payload";
  if (!Object.hasOwn(value, "payload")) return "the envelope has no payload";
  for (const [key, field] of Object.entries(value)) {
    if (key === "payload") continue;
    const rule = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (rule === undefined) return `the envelope has an unknown key ${JSON.stringify(key)}`;
    if (!rule.fits(field)) return `${key} of the envelope is to be ${rule.is}`;
  }
  return undefined;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= MOST_CHARACTERS;
}

function isWhole(value: unknown, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

function isHeaders(value: unknown): boolean {
  if (!isObject(value)) return false;
  let characters = 0;
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") return false;
    characters += key.length + text.length;
  }
  return characters <= MOST_HEADER_CHARACTERS;
}
