import { adapterNameOf } from "../backends.ts";
import { messageOf } from "../failure.ts";
import type { Document } from "./document.ts";
import type { Environment } from "./environment.ts";
import { fillIn } from "./environment.ts";
import { type Given, givensOf } from "./givens.ts";
import type { Value } from "./kinds.ts";
import { oneGiven } from "./one-given.ts";
import type { AdapterName, OptionKey } from "./option-key.ts";
import { optionKeys } from "./option-keys.ts";
import { ConfigError, type Problem } from "./problem.ts";
import { rules } from "./rules.ts";
import type { Setting } from "./setting.ts";
import { type Spot, spotsOf } from "./spots.ts";

/** What is in force: the command line before the file before the defaults. The environment has a part only where the file says `${NAME}`. */
export interface Configuration {
  readonly backend: AdapterName;
  /** Every option of the backend, in the order of the table. */
  readonly settings: ReadonlyMap<string, Setting>;
  readonly warnings: readonly Problem[];
}

/** What the command line gives, by the names of the options. */
export type CommandLine = ReadonlyMap<string, Value>;

/** Puts a configuration together. Pure. Throws `ConfigError` with everything that is wrong with the file. */
export function configurationOf(
  commandLine: CommandLine,
  {
    file,
    document,
    environment,
  }: { readonly file: string; readonly document: Document; readonly environment: Environment },
): Configuration {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const spots = spotsOf(document, problems);
  const fileBackend = backendOf(spots, environment, problems);
  const lineBackend = commandLine.get("backend");
  const backend = typeof lineBackend === "string" ? adapterNameOf(lineBackend) : fileBackend.name;
  // The file's keys mean what its own backend makes of them.
  const meant = fileBackend.given ? fileBackend.name : backend;
  const givens = setAside(givensOf(spots, meant, environment, problems), { backend, meant, lineBackend }, warnings);
  const perOption = Map.groupBy(givens, ({ option }) => option.key);
  const settings = new Map<string, Setting>();
  for (const option of optionKeys) {
    const given = oneGiven(perOption.get(option.key) ?? [], problems, warnings);
    if (option.backends === undefined || backend === undefined || option.backends.includes(backend))
      settings.set(option.key, settingOf(option, commandLine, given));
  }
  for (const rule of rules) rule(settings, { problems, warnings });
  if (problems.length > 0 || backend === undefined) throw new ConfigError(file, problems);
  return { backend, settings, warnings };
}

function settingOf(option: OptionKey, commandLine: CommandLine, given: Given | undefined): Setting {
  const typed = commandLine.get(option.key);
  if (typed !== undefined)
    return { option, value: typed, origin: { from: "command line", flag: option.flag ?? option.key } };
  if (given === undefined) return { option, value: option.default, origin: { from: "default" } };
  const { value, path, line, names } = given;
  return { option, value, origin: { from: "file", path, line, names } };
}

/** The backend that a file is for. What is wrong with it is told where its value is read; here only what the name says. */
function backendOf(spots: readonly Spot[], environment: Environment, problems: Problem[]) {
  const spot = spots.find(({ key, value }) => key === "backend" && value !== null);
  if (spot === undefined) return { name: "memory" as const, given: false };
  if (typeof spot.value !== "string") return { name: undefined, given: true };
  const { text, faults } = fillIn(spot.value, environment);
  if (faults.length > 0 || text === "") return { name: undefined, given: true };
  try {
    return { name: adapterNameOf(text), given: true };
  } catch (error) {
    problems.push({ path: spot.path, line: spot.line, message: messageOf(error).replace(/^--backend /, "") });
    return { name: undefined, given: true };
  }
}

/** What a file says of a broker is not said of another one that the command line names. */
function setAside(
  givens: readonly Given[],
  of: {
    readonly backend: AdapterName | undefined;
    readonly meant: AdapterName | undefined;
    readonly lineBackend: Value | undefined;
  },
  warnings: Problem[],
): readonly Given[] {
  const { backend, meant, lineBackend } = of;
  if (typeof lineBackend !== "string") return givens;
  if (backend === meant && lineBackend.includes(":")) return givens.filter(({ option }) => option.address !== true);
  if (backend === meant) {
    const url = givens.find(({ option, value }) => option.key === "backend" && String(value).includes(":"));
    const lost = `has no effect: --backend ${backend} wins, and what stands behind the name here is left out`;
    if (url !== undefined) warnings.push({ path: url.path, line: url.line, message: lost });
    return givens;
  }
  const others = givens.filter(({ option }) => option.backends !== undefined);
  const message = `--backend names ${backend}: what the file says of ${meant} is left out (${others.map(({ path }) => path).join(", ")})`;
  if (others.length > 0) warnings.push({ path: "", message });
  return givens.filter(({ option }) => option.backends === undefined);
}
