/**
 * The version plan of the waiting changesets, with the one rule that changesets does not have: a core major is a major of every adapter, since what
 * their users must install beside them changes. (Changesets itself answers a peer that left its range with a patch.)
 */
import { assembleReleasePlan } from "@changesets/assemble-release-plan";
import { readConfig } from "@changesets/config";
import { readChangesets } from "@changesets/read";
import type { NewChangeset, Packages, ReleasePlan } from "@changesets/types";
import { getPackages } from "@manypkg/get-packages";

const core = "@org/dispatch-core";
const adapter = /^@org\/dispatch-backend-/;

/** The plan of the workspace in `folder` as its changesets ask for it, and the changeset that the rule adds, if any. Throws on a wrong configuration. */
export interface VersionPlan {
  /** With the addition in it. */
  readonly releases: ReleasePlan["releases"];
  /** Names the adapters that must become majors and are not yet. */
  readonly addition: NewChangeset | undefined;
}

export async function planVersions(folder: string): Promise<VersionPlan> {
  const packages = (await getPackages(folder)) as Packages;
  const { config, errors } = await readConfig(folder, packages);
  if (config === undefined) throw new Error(errors.join("; "));
  const changesets = await readChangesets(folder);
  const plan = assembleReleasePlan(changesets, packages, config, undefined);
  const addition = adapterMajors(plan.releases, packages);
  if (addition === undefined) return { releases: plan.releases, addition };
  return { releases: assembleReleasePlan([...changesets, addition], packages, config, undefined).releases, addition };
}

/** The majors that a core major asks for beyond what `releases` has. */
function adapterMajors(releases: ReleasePlan["releases"], packages: Packages): NewChangeset | undefined {
  const next = releases.find(({ name, type }) => name === core && type === "major");
  if (next === undefined) return undefined;
  const majors = new Set(releases.filter(({ type }) => type === "major").map(({ name }) => name));
  const names = packages.packages.map(({ packageJson }) => packageJson.name);
  const missing = names.filter((name) => adapter.test(name) && !majors.has(name));
  if (missing.length === 0) return undefined;
  return {
    id: "adapters-follow-core",
    summary: `Needs ${core} ${next.newVersion}.`,
    releases: missing.map((name) => ({ name, type: "major" })),
  };
}
