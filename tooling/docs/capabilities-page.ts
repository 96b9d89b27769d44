/** docs/capabilities.md, made from the reports of the suite under docs/conformance: what a backend claims, and that it keeps it. */
import type { Profile } from "../../packages/core/dist/contract.js";
import { UNLIMITED } from "../../packages/core/dist/contract.js";
import type { CaseReport, ConformanceReport } from "../../packages/testkit/dist/index.js";

/** Where the page and the reports lie, from the repository's own folder. */
export const capabilitiesPath = "docs/capabilities.md";
export const reportsPath = "docs/conformance";

/** What is kept of a report: whatever is the same each time. */
export interface KeptReport extends Pick<ConformanceReport, "backend" | "levels" | "profile" | "totals"> {
  /** Of the broker; absent where there is none. */
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly Pick<CaseReport, "id" | "status" | "fact" | "reason" | "issue">[];
}

/** Without times, and without the versions of what is in this tree. */
export function kept({ backend, levels, profile, totals, versions, cases }: ConformanceReport): KeptReport {
  const { testkit: _, core: __, node: ___, ...rest } = versions;
  const facts = cases.map(({ id, status, fact, reason, issue }) => ({
    ...{ id, status },
    ...(fact !== undefined && { fact }),
    ...(reason !== undefined && { reason }),
    ...(issue !== undefined && { issue }),
  }));
  return { backend, versions: rest, levels, profile, totals, cases: facts };
}

const ms = (value: number): string => {
  if (value >= UNLIMITED) return "unlimited";
  const units = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]] as const; // biome-ignore format: one table
  // Whole units as they are; what is longer than two days, about.
  const [unit, size] = units.find(([, one]) => value >= one && (value % one === 0 || value > 2 * 86_400_000)) ?? [
    "ms",
    1,
  ];
  return `${value % size === 0 ? "" : "about "}${Math.round(value / size)} ${unit}`;
};
const none = (value: number): string => (value === 0 ? "–" : ms(value));
const bytes = (value: number): string => {
  if (value >= UNLIMITED) return "unlimited";
  return value % 1_048_576 === 0
    ? `${value / 1_048_576} MiB`
    : value % 1_024 === 0
      ? `${value / 1_024} KiB`
      : `${value} B`;
};

/** A row of the table: the question, and what a profile answers. */
const facts: readonly (readonly [question: string, answer: (profile: Profile) => string])[] = [
  ["lease", ({ lease }) => (lease.kind === "timed" ? "timed" : `session, noticed within ${ms(lease.detectionMs)}`)],
  ["held at most for", ({ lease }) => ms(lease.totalCapMs)],
  ["fencing at the broker", ({ fencing }) => fencing],
  ["delayed send up to", ({ sendDelayMs }) => none(sendDelayMs)],
  ["delayed release up to", ({ releaseDelayMs }) => none(releaseDelayMs)],
  ["delays late by at most", ({ limits }) => ms(limits.delayPrecisionMs)],
  [
    "native priorities",
    ({ priorityLevels, priorityOrder }) => (priorityLevels === 0 ? "–" : `${priorityLevels}, ${priorityOrder}`),
  ],
  ["counts", ({ redelivery }) => redelivery],
  ["order", ({ order }) => order],
  ["shared among workers", ({ sharing }) => `${sharing}s`],
  [
    "repeats of an id refused",
    ({ dedupeLive, dedupeWindowMs }) =>
      dedupeWindowMs > 0 ? `for ${ms(dedupeWindowMs)}` : dedupeLive ? "while it is there" : "–",
  ],
  ["keeps unread frames for", ({ retentionMs }) => ms(retentionMs)],
  ["keeps replies for", ({ replyRetentionMs }) => ms(replyRetentionMs)],
  ["survives a restart", ({ durability }) => (durability === "restart" ? "yes" : "–")],
  ["frame at most", ({ limits }) => bytes(limits.frameBytes)],
  ["frames a call", ({ limits }) => (limits.batchFrames >= UNLIMITED ? "unlimited" : String(limits.batchFrames))],
  ["ack, result and retry in one step", ({ verbs }) => (verbs.includes("move") ? "yes" : "–")],
  ["depth, browse, purge", ({ verbs }) => ["depth", "browse", "purge"].map((verb) => (verbs.includes(verb as "depth") ? "yes" : "–")).join(" ")], // biome-ignore format: one row
];

/** The page as a text; a column a report, in their order. */
export function capabilitiesPage(reports: readonly KeptReport[]): string {
  const title = ({ backend, versions }: KeptReport) => [backend, ...Object.values(versions)].join(" ");
  const row = (head: string, cell: (report: KeptReport) => string) => `| ${[head, ...reports.map(cell)].join(" | ")} |`;
  const count = (status: CaseReport["status"]) => (report: KeptReport) => String(report.totals[status]);
  const skips = reports.flatMap((report) =>
    report.cases
      .filter(({ status }) => status === "skipped" || status === "failed")
      .map(
        ({ id, status, reason, issue }) =>
          `- ${title(report)}: \`${id}\` ${status}${reason === undefined ? "" : `: ${reason} (${issue})`}`,
      ),
  );
  return `# What each backend can do

<!-- Made by \`./dev node tooling/docs/capabilities.ts\` from ${reportsPath}/*.json, which the conformance suite wrote: run it, do not edit. -->

A profile says what a broker does by itself; each fact that can be waited for was put to the test by the suite. For how long a real broker keeps what nobody reads,
and replies, and the far ends of its delays, is what its documentation says. What is missing here, core does instead: every backend has priorities, delays of any
length, retries, dead letters and complete results (\`dispatch explain\` says how). The suite opens a broker's adapter with short leases, so that what
follows from such an option stands here as it was tested (RabbitMQ: heartbeats of 1 s; Kafka: sessions of 3 s), and not as it is by default.

${row("", title)}
|---|${"---|".repeat(reports.length)}
${facts.map(([question, answer]) => row(question, ({ profile }) => answer(profile))).join("\n")}
${row("**cases passed**", count("passed"))}
${row("failed", count("failed"))}
${row("left out by the profile", count("left-out"))}
${row("skipped", count("skipped"))}
${skips.length === 0 ? "" : `\n${skips.join("\n")}\n`}`;
}
