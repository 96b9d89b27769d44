/** Where this tree lies, and copies of it for checks that plant something. */
import { cp } from "node:fs/promises";
import { basename, dirname } from "node:path";

/** The repository's own folder. */
export const root: string = dirname(import.meta.dirname);

const notCopied = new Set(["node_modules", "dist", ".git", ".tools", ".turbo", ".reports", ".services"]);

/** Copies `folders` (or files) of this tree into `target`, without what an install or a build made. */
export async function copyTree(target: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await cp(`${root}/${folder}`, `${target}/${folder}`, {
      recursive: true,
      filter: (source) => !notCopied.has(basename(source)),
    });
  }
}
