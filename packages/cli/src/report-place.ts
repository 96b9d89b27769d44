import { readFile, stat } from "node:fs/promises";
import { misuse } from "./failure.ts";

/** Throws CONFIG_INVALID where a report would take the place of something else than an earlier one. An empty file and a device have nothing to lose. */
export async function checkReportPlace(file: string, name: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile() || found.size === 0) return;
  if (!isReport(await readFile(file, "utf8")))
    throw misuse(`the file ${name} exists and is no conformance report; --out names another one`);
}

function isReport(text: string): boolean {
  try {
    const { format, totals, cases } = JSON.parse(text);
    return typeof format === "number" && typeof totals === "object" && Array.isArray(cases);
  } catch {
    return false;
  }
}
