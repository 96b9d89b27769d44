import { type Configuration, configurationOf } from "./configuration.ts";
import type { Environment } from "./environment.ts";
import type { Value } from "./kinds.ts";
import { ConfigError } from "./problem.ts";
import { readDocument } from "./source-file.ts";

/** What a test loads a file with. */
export interface Loading {
  /** Its name, whose extension says the format; default `f.json`. */
  readonly file?: string;
  readonly environment?: Environment;
  /** What the command line gives. */
  readonly line?: Readonly<Record<string, Value>>;
}

/** Loads a text, or an object as JSON. Throws `ConfigError`. */
export function loaded(
  source: string | object,
  { file = "f.json", environment = {}, line = {} }: Loading = {},
): Configuration {
  const text = typeof source === "string" ? source : JSON.stringify(source, null, 1);
  return configurationOf(new Map(Object.entries(line)), { file, document: readDocument(text, file), environment });
}

/** The values that do not come from defaults, by key. */
export function givenValues({ settings }: Configuration): Record<string, unknown> {
  const given = [...settings].filter(([, { origin }]) => origin.from !== "default");
  return Object.fromEntries(given.map(([key, { value }]) => [key, value]));
}

/** The problems of a source as `KEY: sentence`; empty where it loads. */
export function problemsOf(source: string | object, loading: Loading = {}): readonly string[] {
  try {
    loaded(source, loading);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

/** The warnings of a source as `KEY: sentence`. */
export function warningsOf(source: string | object, loading: Loading = {}): readonly string[] {
  return loaded(source, loading).warnings.map(({ path, message }) => `${path}: ${message}`);
}
