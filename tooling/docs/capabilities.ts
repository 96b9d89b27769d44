/**
 * `./dev node tooling/docs/capabilities.ts [REPORT…]`: runs the suite on every backend that needs no server, keeps these reports and the given ones (of `./dev
 * conformance`), and writes docs/capabilities.md anew; the testkit must be built.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { subjects } from "../conformance/subjects.ts";
import { root } from "../tree.ts";
import { capabilitiesPage, capabilitiesPath, type KeptReport, kept, reportsPath } from "./capabilities-page.ts";
import { readReports, reportOf } from "./capabilities-reports.ts";

const keep = (report: KeptReport) =>
  writeFile(`${root}/${reportsPath}/${report.backend}.json`, `${JSON.stringify(report, undefined, 2)}\n`);

await mkdir(`${root}/${reportsPath}`, { recursive: true });
for (const [name, subject] of Object.entries(subjects))
  if (subject.factory !== undefined) await keep(await reportOf(name, subject));
for (const file of process.argv.slice(2)) await keep(kept(JSON.parse(await readFile(file, "utf8"))));
await writeFile(`${root}/${capabilitiesPath}`, capabilitiesPage(await readReports()));
