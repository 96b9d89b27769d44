/** `pnpm run version-packages`: sets the versions that the waiting changesets ask for, adapters following a core major, and writes the changelogs. */
import { writeChangeset } from "@changesets/write";
import { run } from "../command.ts";
import { root } from "../tree.ts";
import { planVersions } from "./plan.ts";

const { addition } = await planVersions(root);
if (addition !== undefined) await writeChangeset(addition, root);
for (const argv of [
  ["changeset", "version"],
  ["pnpm", "install", "--lockfile-only"],
]) {
  const { code } = await run(argv, { shown: true });
  if (code !== 0) process.exit(code);
}
