import { isSection } from "./document.ts";
import { type Environment, fillIn } from "./environment.ts";
import type { Kind, Value } from "./kinds.ts";
import { nearestKey } from "./nearest-key.ts";
import type { AdapterName, OptionKey, PythonKey } from "./option-key.ts";
import { groupNames, optionKey, optionKeys } from "./option-keys.ts";
import type { Problem } from "./problem.ts";
import { pythonKeys } from "./python-keys.ts";
import { redacted } from "./redaction.ts";
import { CONNECTION, type Spot } from "./spots.ts";

/** An option that a file gives. */
export interface Given {
  readonly option: OptionKey;
  readonly value: Value;
  /** The key of the tables that gave it: the option's own, or one of the Python dispatcher. */
  readonly key: string;
  readonly path: string;
  readonly line: number | undefined;
  /** The variables of the environment that the value has a part of. */
  readonly names: readonly string[];
}

type TableKey = Pick<PythonKey, "key" | "kind" | "backends" | "to">;

const asItIs = (value: Value) => value;
const tableKeys: ReadonlyMap<string, readonly TableKey[]> = Map.groupBy<string, TableKey>(
  [...optionKeys.map((option) => ({ ...option, to: { [option.key]: asItIs } })), ...pythonKeys],
  ({ key }) => key,
);

/** What the spots of a file give. `backend` is the one that the file is for; `undefined` where that is not known: then every key passes. */
export function givensOf(
  spots: readonly Spot[],
  backend: AdapterName | undefined,
  environment: Environment,
  problems: Problem[],
): readonly Given[] {
  const fits = ({ backends }: TableKey) =>
    backend === undefined || backends === undefined || backends.includes(backend);
  const near = [
    ...[...tableKeys.values()]
      .flat()
      .filter(fits)
      .map(({ key }) => key),
    ...groupNames,
    CONNECTION,
  ];
  return spots.flatMap((spot) => {
    const fault = (message: string) => {
      problems.push({ path: spot.path, line: spot.line, message });
      return [];
    };
    const named = tableKeys.get(spot.key);
    if (named === undefined) return fault(unknownText(nearestKey(spot.key, near)));
    const found = named.find(fits);
    if (found === undefined) {
      const backends = named.flatMap((each) => each.backends ?? []);
      return fault(`this is a key of ${backends.join(", ")}, and the backend is ${backend}`);
    }
    // What Python's `None` and an empty value of YAML become.
    if (spot.value === null) return [];
    const filled = filledIn(spot.value, environment);
    if (filled.faults.length > 0) return filled.faults.flatMap(fault);
    const value = readAs(found.kind, filled.value, filled.changed);
    const options = Object.keys(found.to).map(optionKey);
    if (value === undefined) return fault(`${shown(options, filled)} is not ${found.kind.wanted}`);
    return options.map((option) => ({
      ...{ option, key: spot.key, path: spot.path, line: spot.line, names: filled.names },
      value: found.to[option.key]?.(value) ?? value,
    }));
  });
}

interface Filled {
  readonly value: unknown;
  readonly names: readonly string[];
  readonly changed: boolean;
  readonly faults: readonly string[];
}

/** Fills in the texts of a value, of its list or of its section. */
function filledIn(value: unknown, environment: Environment): Filled {
  if (typeof value === "string") {
    const { text, ...filled } = fillIn(value, environment);
    return { ...filled, value: text };
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => filledIn(item, environment));
    return { ...allOf(items), value: items.map((item) => item.value) };
  }
  if (!isSection(value)) return { ...allOf([]), value };
  const entries = [...value].map(([key, entry]) => [key, filledIn(entry.value, environment)] as const);
  return {
    ...allOf(entries.map(([, filled]) => filled)),
    value: new Map(entries.map(([key, filled]) => [key, { value: filled.value }])),
  };
}

function allOf(parts: readonly Filled[]): Omit<Filled, "value"> {
  return {
    names: parts.flatMap(({ names }) => names),
    faults: parts.flatMap(({ faults }) => faults),
    changed: parts.some(({ changed }) => changed),
  };
}

/** The environment has only texts: one that was filled in may mean a number, or true or false. */
function readAs(kind: Kind, value: unknown, changed: boolean): Value | undefined {
  const read = kind.read(value);
  if (read !== undefined || !changed || typeof value !== "string") return read;
  if (value === "true" || value === "false") return kind.read(value === "true");
  return /^-?\d+(?:\.\d+)?$/.test(value) ? kind.read(Number(value)) : undefined;
}

function unknownText(near: string | undefined): string {
  return near === undefined ? "unknown key" : `unknown key; did you mean ${near}?`;
}

const MOST_SHOWN = 60;

/** A wrong value for people, as far as it may be shown. What comes from the environment may be anything: it is not. */
function shown(options: readonly OptionKey[], { value, changed, names }: Filled): string {
  if (changed)
    return names.length === 0 ? "the value" : `the value of ${names.map((name) => `\${${name}}`).join(", ")}`;
  if (options.some(({ secret }) => secret)) return "the value";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "this";
  const text = typeof value === "string" ? JSON.stringify(redacted(options[0] as OptionKey, value)) : String(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text;
}
