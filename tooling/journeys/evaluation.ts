/** `examples/evaluate` over a broker, with workers that are killed and a broker that is restarted in between. */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../command.ts";
import { root } from "../tree.ts";
import { Program, type ProgramEnd } from "./program.ts";

export interface Journey {
  /** Options of `dispatch` that lead to the broker. */
  readonly backend: readonly string[];
  /** Where input and results go. */
  readonly folder: string;
  /** Stops the broker and starts it again with its data. */
  restart(): Promise<unknown>;
}

/** A line of the results. */
export interface ResultLine {
  readonly index: number;
  readonly outcome: string;
  readonly value?: { readonly file: string };
  readonly lost: number;
}

export interface Evaluation {
  readonly inputs: readonly { readonly file: string }[];
  readonly results: readonly ResultLine[];
  readonly run: ProgramEnd;
  /** What `run_finished` says. */
  readonly summary: Readonly<Record<string, unknown>>;
  /** How the two workers ended that were killed, and the two that were asked to stop when all was done. */
  readonly killed: readonly ProgramEnd[];
  readonly stopped: readonly ProgramEnd[];
}

const WORKERS = 4;
/** Each task takes so long, so that workers have some in hand when they are killed. */
const SLOW_MS = 40;
const LEASE_MS = 3_000;

export async function evaluate({ backend, folder, restart }: Journey): Promise<Evaluation> {
  const [input, output] = [`${folder}/parse.jsonl`, `${folder}/results.jsonl`];
  const generated = await run([process.execPath, "generate.ts", "--slow-ms", String(SLOW_MS)], {
    cwd: `${root}/examples/evaluate`,
  });
  if (generated.code !== 0) throw new Error(generated.output);
  await writeFile(input, generated.stdout);
  const inputs = linesOf<Evaluation["inputs"][number]>(generated.stdout);

  const common = [...backend, "--handler", "examples/evaluate/src/tasks.ts", "--lease", String(LEASE_MS), "--create"];
  const workers = Array.from({ length: WORKERS }, () => new Program("worker", ...common, "--concurrency", "10"));
  const [first, second, ...others] = workers as [Program, Program, ...Program[]];
  const files = ["--input", input, "--output", output];
  const dispatcher = new Program("run", ...common, "--no-worker", "--log", "json", ...files);
  const results = async () => linesOf<ResultLine>(await readFile(output, "utf8").catch(() => ""));
  const until = async (share: number) => {
    const ended = dispatcher.ended.then(() => true);
    while ((await results()).length < inputs.length * share)
      if (await Promise.race([ended, sleep(50, false)]))
        throw new Error(`the run ended before ${share} of it was done: ${dispatcher.said}`);
  };
  try {
    await until(0.1);
    first.signal("SIGKILL");
    await until(0.3);
    await restart();
    await until(0.5);
    second.signal("SIGKILL");
    const end = await dispatcher.ended;
    for (const worker of others) worker.signal("SIGTERM");
    return {
      inputs,
      results: await results(),
      run: end,
      summary: dispatcher.events.find(({ event }) => event === "run_finished") ?? {},
      killed: [await first.ended, await second.ended],
      stopped: await Promise.all(others.map(({ ended }) => ended)),
    };
  } finally {
    for (const program of [dispatcher, ...workers]) program.signal("SIGKILL");
  }
}

/** The last line may not be whole yet. */
function linesOf<T>(text: string): T[] {
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line)); // biome-ignore format: one thought
}
