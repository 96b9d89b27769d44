import { resolve } from "node:path";
import type { AdapterOptions } from "./backends.ts";
import { type Configuration, configurationOf } from "./config/configuration.ts";
import type { Value } from "./config/kinds.ts";
import { optionKeys } from "./config/option-keys.ts";
import { problemLine } from "./config/problem.ts";
import { readSourceFile } from "./config/source-file.ts";
import { logOf } from "./log.ts";
import type { LogMode } from "./options.ts";
import { screenOn } from "./screen.ts";
import type { Surroundings } from "./surroundings.ts";

/** The options of a command under the names that core uses, as far as the command line gives them. */
export interface GivenOptions {
  /** The configuration file. */
  readonly config?: string;
}

/**
 * The options of a command with what its configuration file says: the command line before the file; what neither gives is absent, for core's defaults
 * to hold. Throws CONFIG_INVALID (a `ConfigError` with everything that is wrong with the file). Warnings are logged.
 */
export async function settledOptions<T extends GivenOptions, R>(given: T, around: Surroundings): Promise<T & R> {
  const configuration = await configurationFor(given.config, given, around);
  const options = optionsOf(configuration);
  const { logger } = logOf(options.log as LogMode, screenOn(around.stderr));
  for (const warning of configuration.warnings) logger.warn({}, problemLine(given.config ?? "", warning));
  // The tables of keys check what core's types say of these names: a test holds the two together.
  const { blobs } = options;
  return { ...given, ...options, ...(typeof blobs === "string" && { blobs: resolve(around.cwd, blobs) }) } as T & R;
}

/** What is in force with a file, or without one. */
export async function configurationFor(
  file: string | undefined,
  given: object,
  around: Pick<Surroundings, "cwd" | "environment">,
): Promise<Configuration> {
  const document = file === undefined ? { root: new Map() } : await readSourceFile(file, around.cwd);
  const commandLine = new Map<string, Value>();
  for (const { key } of optionKeys) {
    const value: Value | undefined = Reflect.get(given, key);
    if (value !== undefined) commandLine.set(key, value);
  }
  return configurationOf(commandLine, { file: file ?? "", document, environment: around.environment });
}

/** The options as objects: groups put together, the backend's own under `connection`. The command's own defaults are filled in, core's are not. */
function optionsOf({ settings }: Configuration): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  const connection: Record<string, Value> = {};
  for (const [key, { option, value, origin }] of settings) {
    if (value === undefined || (origin.from === "default" && option.part !== "command")) continue;
    const [group = key, inner] = key.split(".");
    if (option.backends !== undefined) connection[key] = value;
    else if (inner === undefined) options[key] = value;
    else groups[group] = { ...groups[group], [inner]: value };
  }
  return { ...options, ...groups, connection: connection satisfies AdapterOptions };
}
