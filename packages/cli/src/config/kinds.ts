import { addressOf, isName, LISTEN_ADDRESS, MAX_DURATION_MS } from "../options.ts";
import { isSection } from "./document.ts";

/** What an option can be. */
export type Value = boolean | number | string | readonly string[] | Readonly<Record<string, string>>;

/** A JSON Schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** What a value must be. */
export interface Kind {
  /** In words that follow "is not". */
  readonly wanted: string;
  /** Of the value as it stands in a file. */
  readonly schema: Schema;
  /** The value as an option, or `undefined` where it does not fit. */
  readonly read: (value: unknown) => Value | undefined;
}

/** A whole number in a range, both ends included. */
export function whole(least: number, most: number): Kind {
  return {
    wanted: `a whole number from ${least} to ${most}`,
    schema: { type: "integer", minimum: least, maximum: most },
    read: (value) =>
      Number.isSafeInteger(value) && inRange(value as number, least, most) ? (value as number) : undefined,
  };
}

/** Whole milliseconds. */
export function milliseconds(leastMs: number, mostMs: number = MAX_DURATION_MS): Kind {
  return { ...whole(leastMs, mostMs), wanted: `whole milliseconds from ${leastMs} to ${mostMs}` };
}

/** Seconds in a file, milliseconds as an option. */
export function seconds(leastMs: number, mostMs: number = MAX_DURATION_MS): Kind {
  const [least, most] = [leastMs / 1_000, Math.floor(mostMs / 1_000)];
  return {
    wanted: `seconds from ${least} to ${most}`,
    schema: { type: "number", minimum: least, maximum: most },
    read: (value) => (typeof value === "number" && inRange(value, least, most) ? Math.round(value * 1_000) : undefined),
  };
}

/** True or false. */
export const flag: Kind = {
  wanted: "true or false",
  schema: { type: "boolean" },
  read: (value) => (typeof value === "boolean" ? value : undefined),
};

/** A text of at least one character. */
export const text: Kind = {
  wanted: "a text",
  schema: { type: "string", minLength: 1 },
  read: (value) => (isText(value) ? value : undefined),
};

/** A text that may be empty, such as a password. */
export const anyText: Kind = {
  wanted: "a text",
  schema: { type: "string" },
  read: (value) => (typeof value === "string" && value.isWellFormed() ? value : undefined),
};

/** A name of a queue, a namespace, a coordinator or a worker. */
export const name: Kind = {
  wanted: 'a name of 1 to 128 letters, digits, ".", "_" or "-" that starts with a letter or digit',
  schema: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$" },
  read: (value) => (typeof value === "string" && isName(value) ? value : undefined),
};

/** Where to listen. */
export const listenAddress: Kind = {
  wanted: "HOST:PORT, an IPv6 address in brackets",
  schema: { type: "string", pattern: LISTEN_ADDRESS.source },
  read: (value) => (typeof value === "string" && addressOf(value) !== undefined ? value : undefined),
};

/** One of a few words. */
export function oneOf(...values: readonly string[]): Kind {
  return {
    wanted: `one of ${values.join(", ")}`,
    schema: { enum: values },
    read: (value) => values.find((candidate) => candidate === value),
  };
}

/** A way to compress, or none; true and false as the Python dispatcher has them. */
export const compression: Kind = {
  wanted: "one of gzip, zstd, brotli, off, true (gzip), false (off)",
  schema: { enum: ["gzip", "zstd", "brotli", "off", true, false] },
  read: (value) => {
    if (typeof value === "boolean") return value ? "gzip" : "off";
    return ["gzip", "zstd", "brotli", "off"].find((word) => word === value);
  },
};

/** Several texts: a list, or one text with commas. */
export const texts: Kind = {
  wanted: "a list of texts, or one text with commas",
  schema: {
    anyOf: [
      { type: "string", minLength: 1 },
      { type: "array", items: { type: "string", minLength: 1 }, minItems: 1 },
    ],
  },
  read: (value) => {
    const items = typeof value === "string" ? value.split(",").map((item) => item.trim()) : value;
    return Array.isArray(items) && items.length > 0 && items.every(isText) ? items : undefined;
  },
};

const MOST_HEADER_CHARACTERS = 32_768;

/** Texts by name: headers. */
export const textsByName: Kind = {
  wanted: `texts by name, at most ${MOST_HEADER_CHARACTERS} characters in all`,
  schema: { type: "object", additionalProperties: { type: "string" } },
  read: (value) => {
    if (!isSection(value)) return undefined;
    let characters = 0;
    const entries: [string, string][] = [];
    for (const [key, { value: text }] of value) {
      if (typeof text !== "string" || key === "__proto__") return undefined;
      characters += key.length + text.length;
      entries.push([key, text]);
    }
    return characters > MOST_HEADER_CHARACTERS ? undefined : Object.fromEntries(entries);
  },
};

function inRange(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}
