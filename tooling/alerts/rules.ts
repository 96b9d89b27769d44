/** The alerts of ops/prometheus/rules.yml. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { root } from "../tree.ts";

export const rulesFolder: string = `${root}/ops/prometheus`;

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** How long it has to be so; absent: not at all. */
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RulesFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[];
}

export async function readRules(): Promise<RulesFile> {
  return parse(await readFile(`${rulesFolder}/rules.yml`, "utf8")) as RulesFile;
}

export async function readAlerts(): Promise<Alert[]> {
  return (await readRules()).groups.flatMap(({ rules }) => rules);
}
