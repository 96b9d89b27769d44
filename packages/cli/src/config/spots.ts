import { type Document, isSection, type Section } from "./document.ts";
import { groupNames } from "./option-keys.ts";
import type { Problem } from "./problem.ts";

/** A value in a file and where it stands. */
export interface Spot {
  /** As the tables of keys spell it: without `connection`, with its group. */
  readonly key: string;
  /** As the file spells it. */
  readonly path: string;
  readonly line: number | undefined;
  readonly value: unknown;
}

/** The section under which each key may stand too. */
export const CONNECTION = "connection";

/** For editors; the loader has no use for it. */
export const SCHEMA_KEY = "$schema";

/** Every value of a document, at the top level and under `connection`, with groups taken apart. */
export function spotsOf({ root }: Document, problems: Problem[]): readonly Spot[] {
  const spots: Spot[] = [];
  const walk = (section: Section, path: string, group: string) => {
    for (const [name, { value, line }] of section) {
      const spot = { key: `${group}${name}`, path: `${path}${name}`, line, value };
      const inside = path === "" && name === CONNECTION ? "" : groupNames.has(spot.key) ? `${spot.key}.` : undefined;
      if (inside === undefined) {
        if (spot.path !== SCHEMA_KEY) spots.push(spot);
      } else if (isSection(value)) walk(value, `${spot.path}.`, inside);
      else if (value !== null) problems.push({ path: spot.path, line, message: "is no section of keys" });
    }
  };
  walk(root, "", "");
  return spots;
}
