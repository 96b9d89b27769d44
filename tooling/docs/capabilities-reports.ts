/** The reports that docs/capabilities.md is made from. */
import { readdir, readFile } from "node:fs/promises";
import { runConformance } from "../../packages/testkit/dist/index.js";
import { type Subject, subjects } from "../conformance/subjects.ts";
import { root } from "../tree.ts";
import { type KeptReport, kept, reportsPath } from "./capabilities-page.ts";

/** The levels that the table speaks of. */
export const levels = ["seam", "system", "chaos"] as const;

/** A report of a backend that needs no server, made now. */
export async function reportOf(name: string, { factory }: Subject): Promise<KeptReport> {
  if (factory === undefined) throw new Error(`${name} needs a server`);
  return kept(await runConformance({ backend: factory(), name, levels }));
}

/** Those in docs/conformance, in the order of the subjects: memory and its characters first. */
export async function readReports(): Promise<readonly KeptReport[]> {
  const files = (await readdir(`${root}/${reportsPath}`)).filter((file) => file.endsWith(".json"));
  const reports: KeptReport[] = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(`${root}/${reportsPath}/${file}`, "utf8"))),
  );
  const place = ({ backend }: KeptReport) => {
    const index = Object.keys(subjects).indexOf(backend);
    return index === -1 ? Number.MAX_SAFE_INTEGER : index;
  };
  return reports.sort((a, b) => place(a) - place(b) || (a.backend < b.backend ? -1 : 1));
}
