/** Which files of tests a person means by a part of their paths. */
import { glob } from "node:fs/promises";
import { root } from "../tree.ts";

/** Below which folders vitest's projects lie. */
const folders = ["packages", "examples", "tooling"];

/**
 * The files of tests, as paths below `folder` (default: this tree), whose path holds one of `patterns`; one without a file is a mistake, and named. Vitest
 * itself looks at the path within each project, where `backend-kafka` is not seen.
 */
export async function matchFiles(
  patterns: readonly string[],
  folder = root,
): Promise<{ readonly files: readonly string[]; readonly unmatched: readonly string[] }> {
  const tests: string[] = [];
  const isLeftOut = (name: string) => name === "node_modules" || name === "dist";
  const pattern = `{${folders.join(",")}}/**/*.test.ts`;
  for await (const file of glob(pattern, { cwd: folder, exclude: isLeftOut })) tests.push(file);
  return {
    files: tests.filter((file) => patterns.some((part) => file.includes(part))).sort(),
    unmatched: patterns.filter((part) => !tests.some((file) => file.includes(part))),
  };
}
