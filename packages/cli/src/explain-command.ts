import { explain, type PlanLine } from "@org/dispatch-core";
import type { Backend } from "@org/dispatch-core/contract";
import { findBackend } from "./backends.ts";
import type { Surroundings } from "./surroundings.ts";
import { adapterOptions, type WorkOptions } from "./work-options.ts";

/** The options of `dispatch explain`, parsed. */
export interface ExplainCommandOptions extends WorkOptions {
  readonly json: boolean;
}

/**
 * `dispatch explain`: the plan for a backend and a configuration, need by need. Nothing is connected: the backend's profile says it all. Answers the exit
 * code: 2 where an option is refused, as a worker that is started with it would.
 */
export async function explainCommand(options: ExplainCommandOptions, around: Surroundings): Promise<number> {
  const backend = await findBackend(options.backend, adapterOptions(options), around);
  try {
    return explainOn(backend, options, around);
  } finally {
    await backend.close();
  }
}

/** The same of a backend that is the caller's. */
function explainOn(
  { name, profile }: Pick<Backend, "name" | "profile">,
  options: ExplainCommandOptions,
  around: Pick<Surroundings, "stdout">,
): number {
  const lines = explain(profile, { ...options, blobs: options.blobs !== undefined });
  const text = options.json ? `${JSON.stringify({ backend: name, plan: lines })}\n` : planText(name, lines);
  around.stdout.write(text);
  return lines.some(({ need, how }) => need === "options" && how === "refused") ? 2 : 0;
}

/** Three columns, all of them texts. */
function planText(name: string, lines: readonly PlanLine[]): string {
  const width = Math.max(...lines.map(({ need }) => need.length));
  const rows = lines.map(({ need, how, text }) => `${need.padEnd(width)}  ${how.padEnd("emulated".length)}  ${text}\n`);
  return `backend ${name}\n${rows.join("")}`;
}
