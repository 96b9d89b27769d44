/** docs/conformance.md, made from the suite itself, so that the two cannot differ. */
import type { Profile } from "../../packages/core/dist/contract.js";
import type { Case, cases, invariantTexts, Mutant, mutants } from "../../packages/testkit/dist/index.js";
import { FAULTS, faultGoals, faultTexts, planCell } from "../prove/faults.ts";

/** Where the page lies, from the repository's own folder. */
export const conformancePath = "docs/conformance.md";

export interface Suite {
  readonly cases: typeof cases;
  readonly mutants: typeof mutants;
  readonly invariantTexts: typeof invariantTexts;
  /** Profiles of different kinds: what a case asks of them is what decides. */
  readonly profiles: readonly Profile[];
}

/** What `./dev prove` does, which runs no cases. */
const proving = `## Figures under faults

The cases above prove that a promise holds once; \`./dev prove --backend NAME|all [--short] [--resume]\` counts how often it does. For each backend and fault
(a *cell*) a dispatcher sends 100,000 tasks of up to 5 ms (zombies: up to 200 ms), half of them packed and half alone, to four workers, with core's defaults
but a lease that is as short as the profile allows. The fault strikes again and again, evenly over the tasks, each time with work under way. Every result is checked
against its task. Meanwhile the report, \`.reports/prove/NAME@VERSION.json\`, is written after each cell, with all counters, goals, the seed, the commit, and
the versions and durability of the broker; \`--resume\` skips what has held already at the same commit and size. \`--short\` takes 5,000 tasks and a shorter outage.

${provingRows()}

Goals of every cell: as many tasks acknowledged as there are, none lost, none dead (no handler fails), no unexpected result, no task with two outcomes, books that
add up. *Lost* is an acknowledged task without an outcome of its own when its run ends (nothing came for two minutes, or it ended as \`VANISHED\`). *Duplicate
executions* are runs of handlers beyond the first of each task; what a process did not get to say before it was killed is not counted. They break no promise, nor
do fenced results. *Recovery* of a cell is the time in its row; of \`latency\` it has no goal.
`;

function provingRows(): string {
  const rows = FAULTS.map(
    (fault) => `| \`${fault}\` | ${faultTexts[fault]} | ${planCell(fault, false).strikes} | ${faultGoals[fault]} |`,
  );
  return ["| cell | the fault | strikes | recovery, and its own goals |", "|---|---|---|---|", ...rows].join("\n");
}

const levels = [
  ["seam", "one backend object, its verbs called directly"],
  ["system", "a dispatcher, workers and a coordinator on the backend"],
  ["chaos", "with faults: processes, connections and brokers that go away"],
  ["stress", "with load"],
] as const;

/** The facts that a case looks at to say whether it applies. */
export function factsOf({ when, needs, endsSessions }: Case, profiles: readonly Profile[]): string[] {
  const seen = new Set<string>();
  for (const profile of profiles) when?.(watched(profile, "", seen));
  const facts = [...seen].sort().map((fact) => `\`${fact}\``);
  if (needs !== undefined) return [...facts, `hook \`${needs}\``];
  return endsSessions === undefined ? facts : [...facts, "of sessions: hook `proxy`"];
}

/** The same object, which notes the path of each leaf that is read. */
function watched<T extends object>(target: T, path: string, seen: Set<string>): T {
  // A frozen target has to show its own values: a copy stands for it.
  return new Proxy(
    { ...target },
    {
      get(of, key) {
        const value = Reflect.get(of, key) as unknown;
        if (typeof key === "symbol") return value;
        if (typeof value === "object" && value !== null && !Array.isArray(value))
          return watched(value, `${path}${key}.`, seen);
        seen.add(`${path}${key}`);
        return value;
      },
    },
  );
}

/** No cell may end the row that it stands in. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function caseRow(one: Case, profiles: readonly Profile[]): string {
  const { id, cites, expects } = one;
  return `| <a id="${id}"></a>\`${id}\` | ${cites.join(", ")} | ${cell(expects)} | ${factsOf(one, profiles).join(", ")} |`;
}

function mutantRow({ id, fault, caughtBy }: Mutant): string {
  return `| \`${id}\` | ${cell(fault)} | [\`${caughtBy}\`](#${caughtBy}) |`;
}

/** The page as a text. */
export function conformancePage({ cases, mutants, invariantTexts, profiles }: Suite): string {
  const sections = levels.flatMap(([level, what]) => {
    const rows = cases.filter((one) => one.level === level).map((one) => caseRow(one, profiles));
    if (rows.length === 0) return [];
    return `## Level \`${level}\`: ${what}

| case | invariants | what is expected | decided by |
|---|---|---|---|
${rows.join("\n")}`;
  });
  const invariants = Object.entries(invariantTexts).map(([id, text]) => `| ${id} | ${cell(text)} |`);
  return `# Conformance

<!-- Made by \`./dev node tooling/docs/conformance.ts\` from packages/testkit/src: change it there. -->

What a backend has to do, as cases that run. Every adapter passes the same ones; a third party's runs them with one call, see
[the package's own page](../packages/testkit/README.md). Each case runs in a namespace of its own, cites the invariants that hang on it, and begins its
report with what is expected, in the words of the table below.

Only the profile leaves a case out: the last column has the facts that it looks at; where there is none, it always applies. A few cases need something of the
surroundings of a broker that lives elsewhere (\`restart\`, \`spawnWorker\`, \`proxy\`), which is given to the suite as a hook; without it they are left out, and the
report says so. Where a session's end is the end of its leases, so are those that end one.

On a backend that lives in the process of the test the clock is virtual, and processes crash and stop within it; on all others both are the machine's, and
leases are as short as the profile allows.

## Invariants

| id | promise |
|---|---|
${invariants.join("\n")}

${sections.join("\n\n")}

## The suite is tested, too

A suite that passes everything proves nothing. Each of these ${mutants.length} backends is wrong in one way, and is caught by the case that names its fault,
which the backend that it is made of passes. They are exported as \`mutants\`, for suites of your own.

| mutant | what is wrong with it | caught by |
|---|---|---|
${mutants.map(mutantRow).join("\n")}

${proving}`;
}
