import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const versionIn = (manifest: string): string => (require(manifest) as { readonly version: string }).version;

/** What a report says it was made with: the suite, what it ran on, and whatever the caller adds of the backend and its broker. */
export function versionsOf(given: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  // Built, this lies in `dist`, as far from the manifest as in `src`.
  const testkit = versionIn("../package.json");
  return { testkit, core: versionIn("@org/dispatch-core/package.json"), node: process.versions.node, ...given };
}
