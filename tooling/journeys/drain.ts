/** A worker that is asked to stop in the middle of its work, and another one that takes over. */
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Program, type ProgramEnd } from "./program.ts";

export interface Drained {
  readonly count: number;
  readonly run: ProgramEnd;
  readonly summary: Readonly<Record<string, unknown>>;
  /** How both workers ended. */
  readonly ends: readonly ProgramEnd[];
  /** What both say of themselves, added up. */
  readonly finished: number;
  readonly released: number;
}

const TASKS = 200;
const HANDLER = `export default (payload) => new Promise((resolve) => setTimeout(() => resolve(payload), 100));\n`;

/** `backend`: options of `dispatch` that lead to the broker. */
export async function drain({
  backend,
  folder,
}: {
  readonly backend: readonly string[];
  readonly folder: string;
}): Promise<Drained> {
  const [handler, input] = [`${folder}/handler.mjs`, `${folder}/input.jsonl`];
  await writeFile(handler, HANDLER);
  await writeFile(input, Array.from({ length: TASKS }, (_, index) => `${index}\n`).join(""));
  const common = [...backend, "--handler", handler, "--create", "--log", "json"];
  const worker = () => new Program("worker", ...common, "--concurrency", "5");
  const first = worker();
  const dispatcher = new Program(
    "run",
    ...common,
    "--no-worker",
    "--input",
    input,
    "--output",
    `${folder}/results.jsonl`,
  );
  const programs = [first, dispatcher];
  try {
    await seen(first, "queue_completed");
    first.signal("SIGTERM");
    const ends = [await first.ended];
    const second = worker();
    programs.push(second);
    const run = await dispatcher.ended;
    second.signal("SIGTERM");
    ends.push(await second.ended);
    const sums = [first, second].map(({ events }) => events.find(({ event }) => event === "worker_stopped") ?? {});
    const sumOf = (field: string) => sums.reduce((sum, each) => sum + Number(each[field]), 0);
    const summary = dispatcher.events.find(({ event }) => event === "run_finished") ?? {};
    return { count: TASKS, run, summary, ends, finished: sumOf("finished"), released: sumOf("released") };
  } finally {
    for (const program of programs) program.signal("SIGKILL");
  }
}

async function seen(program: Program, wanted: string): Promise<void> {
  const ended = program.ended.then(() => true);
  while (!program.events.some(({ event }) => event === wanted))
    if (await Promise.race([ended, sleep(20, false)])) throw new Error(`it ended before ${wanted}: ${program.said}`);
}
