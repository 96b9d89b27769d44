import { misuse } from "./failure.ts";

/** What `--log` can be: people's text, JSON lines, or nothing (error lines are always written). */
export type LogMode = "text" | "json" | "off";

/** The longest duration that an option takes, in ms: 365 days. */
export const MAX_DURATION_MS = 365 * 24 * 3_600_000;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const UNIT_MS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Makes a parser of durations within a range, both ends included: whole milliseconds, or a number with `ms`, `s`, `m` or `h`. The parser throws
 * CONFIG_INVALID.
 */
export function durationMs(flag: string, leastMs: number, mostMs: number = MAX_DURATION_MS): (text: string) => number {
  return (text) => {
    const [, whole = "", fraction = "", unit = ""] = /^(\d+)(?:\.(\d+))?(ms|s|m|h|)$/.exec(text.trim()) ?? [];
    const ms = whole === "" ? Number.NaN : wholeMs(whole, fraction, UNIT_MS[unit] ?? 0);
    if (ms >= leastMs && ms <= mostMs) return ms;
    throw misuse(
      `${flag} takes milliseconds from ${leastMs} to ${mostMs}, or a number with ms, s, m or h, not "${text}"`,
    );
  };
}

/** In whole numbers, for 1.1 × 3600000 is not 3960000 in floating point. NaN where it is no whole number of ms. */
function wholeMs(whole: string, fraction: string, unitMs: number): number {
  const parts = 10n ** BigInt(fraction.length);
  const ms = BigInt(whole + fraction) * BigInt(unitMs);
  return ms % parts === 0n ? Number(ms / parts) : Number.NaN;
}

/** Makes a parser of whole numbers within a range, both ends included. The parser throws CONFIG_INVALID. */
export function wholeNumber(flag: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw misuse(`${flag} takes a whole number from ${least} to ${most}, not "${text}"`);
  };
}

/** Makes a parser of names: of a queue, a namespace, a task or a coordinator. The parser throws CONFIG_INVALID. */
export function nameOf(flag: string): (text: string) => string {
  return (text) => {
    if (isName(text)) return text;
    throw misuse(
      `${flag} takes a name of 1 to 128 letters, digits, ".", "_" or "-" that starts with a letter or digit, not "${text}"`,
    );
  };
}

/** May this be the name of a queue, a namespace, a task or a coordinator? */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** The form of HOST:PORT. */
export const LISTEN_ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):(\d{1,5})$/;

/** Where to listen; undefined where the text does not say it. Port 0 is any that is free. */
export function addressOf(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = LISTEN_ADDRESS.exec(text);
  const [, host = "", digits = ""] = match ?? [];
  const port = Number(digits);
  return match === null || port > 65_535 ? undefined : { host: host.replace(/^\[|\]$/g, ""), port };
}

/** Makes a parser of file names. One that looks like an option is one: the name was left out. The parser throws CONFIG_INVALID. */
export function fileName(flag: string): (text: string) => string {
  return (text) => {
    if (!text.startsWith("--")) return text;
    throw misuse(`${flag} takes a file, not "${text}" (a file of that name is ./${text})`);
  };
}

/** Makes a parser of HOST:PORT, which stays a text. The parser throws CONFIG_INVALID. */
export function listenAddress(flag: string): (text: string) => string {
  return (text) => {
    if (addressOf(text) !== undefined) return text;
    throw misuse(`${flag} takes HOST:PORT, such as 127.0.0.1:9464 or [::1]:9464, not "${text}"`);
  };
}

/** Makes a parser of one word out of a few. The parser throws CONFIG_INVALID. */
export function oneOf<W extends string>(flag: string, words: readonly W[]): (text: string) => W {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw misuse(`${flag} takes one of ${words.join(", ")}, not "${text}"`);
  };
}

/** Makes a parser of `on` and `off`. The parser throws CONFIG_INVALID. */
export function onOrOff(flag: string): (text: string) => boolean {
  const parse = oneOf(flag, ["on", "off"] as const);
  return (text) => parse(text) === "on";
}

const PACKAGE_OF_ISOLATION = "@org/dispatch-isolation";

/** Parses `--isolation`. `thread` and `process` need a package of their own: CONFIG_INVALID names it. */
export function isolation(text: string): "inline" {
  const word = oneOf("--isolation", ["inline", "thread", "process"] as const)(text);
  if (word === "inline") return word;
  throw misuse(`--isolation ${isolationFault(word)}`);
}

/** What is missing for an isolation. */
export function isolationFault(word: string): string | undefined {
  return word === "inline" ? undefined : `${word} needs the package ${PACKAGE_OF_ISOLATION}, which is not installed`;
}

/** The same object without the keys whose value is `undefined`, so that core's defaults hold. */
export function present<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
