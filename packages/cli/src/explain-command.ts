import { type Absent, explain, type PlanLine, QueueAdmin } from "@org/dispatch-core";
import type { Backend, Doubt } from "@org/dispatch-core/contract";
import { findBackend } from "./backends.ts";
import { reach } from "./failure.ts";
import type { Surroundings } from "./surroundings.ts";
import { adapterOptions, queueAdminOptions, type WorkOptions } from "./work-options.ts";

/** The options of `dispatch explain`, parsed. */
export interface ExplainCommandOptions extends WorkOptions {
  readonly json: boolean;
  /** Is the broker asked, too? */
  readonly connect: boolean;
}

/**
 * `dispatch explain`: the plan for a backend and a configuration, need by need. The backend's profile says it all; with `connect` the queue is opened as
 * well: the plan is then that for the queues that are there, and what the adapter doubts of the broker is said. Answers the exit code: 2 where an option is refused, as a worker that is started with it
 * would.
 */
export async function explainCommand(options: ExplainCommandOptions, around: Surroundings): Promise<number> {
  const backend = await findBackend(options.backend, adapterOptions(options), around);
  try {
    return await explainOn(backend, options, around);
  } finally {
    await backend.close();
  }
}

/** The same of a backend that is the caller's. */
export async function explainOn(
  backend: Backend,
  options: ExplainCommandOptions,
  around: Pick<Surroundings, "stdout">,
): Promise<number> {
  const { name, profile } = backend;
  const seen = options.connect ? await lookAt(backend, options) : undefined;
  const { create } = queueAdminOptions(options, backend);
  const plan = explain(profile, { ...options, create, absent: seen?.absent, blobs: options.blobs !== undefined });
  const doubts = seen?.doubts ?? [];
  const text = options.json
    ? `${JSON.stringify({ backend: name, plan, doubts })}\n`
    : planText(name, plan, seen === undefined ? [] : doubtRows(doubts));
  around.stdout.write(text);
  return plan.some(({ need, how }) => need === "options" && how === "refused") ? 2 : 0;
}

/** What core warns of when the queue is opened, and what of it is not there. */
async function lookAt(
  backend: Backend,
  options: ExplainCommandOptions,
): Promise<{ readonly doubts: readonly Doubt[]; readonly absent: Absent }> {
  const doubts: Doubt[] = [];
  const admin = await reach(
    QueueAdmin.open(backend, {
      ...queueAdminOptions(options, backend),
      observer: (event) => {
        if (event.event === "warning") doubts.push({ code: event.code as Doubt["code"], detail: event.message });
      },
    }),
  );
  await admin.close();
  return { doubts, absent: admin.absent };
}

/** A line of the table: of the plan, or of the broker. */
interface Row {
  readonly need: string;
  readonly how: string;
  readonly text: string;
}

/** Of a broker that was asked: what is doubted of it, or that nothing is. */
function doubtRows(doubts: readonly Doubt[]): readonly Row[] {
  if (doubts.length === 0) return [{ need: "broker", how: "reached", text: "nothing to doubt of what is there" }];
  return doubts.map(({ code, detail }) => ({ need: "doubt", how: code, text: detail }));
}

/** Three columns, all of them texts. */
function planText(name: string, lines: readonly PlanLine[], more: readonly Row[]): string {
  const all: readonly Row[] = [...lines, ...more];
  const [needWidth, howWidth] = [
    longest(all.map(({ need }) => need)),
    longest(["emulated", ...all.map(({ how }) => how)]),
  ];
  const rows = all.map(({ need, how, text }) => `${need.padEnd(needWidth)}  ${how.padEnd(howWidth)}  ${text}\n`);
  return `backend ${name}\n${rows.join("")}`;
}

function longest(texts: readonly string[]): number {
  return Math.max(...texts.map(({ length }) => length));
}
