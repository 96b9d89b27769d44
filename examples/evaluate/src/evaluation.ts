import { Dispatcher, type Summary, type Task, Worker } from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { type InputOptions, parseInputs, relationInputs } from "./inputs.ts";
import type { ProgressLine } from "./progress-line.ts";
import { Tally } from "./tally.ts";
import { parse, relation } from "./tasks.ts";

/** One kind of task, run over all its inputs. */
export interface Stage {
  readonly task: string;
  /** How many tasks there are to do; the summary's `total` is less where the run was stopped. */
  readonly inputs: number;
  readonly summary: Summary;
}

export interface Evaluation {
  readonly tally: Tally;
  /** `parse` over the files, then `relation`; what had not begun when the signal fired is missing. */
  readonly stages: readonly Stage[];
  /** Did every task of every stage complete? */
  readonly complete: boolean;
}

export interface EvaluationOptions extends InputOptions {
  /** Ends the job early: what is outstanding is cancelled, and what is done is reported. */
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ProgressLine | undefined;
}

/** The whole job in this process: memory backend, one worker, one dispatcher. */
export async function evaluateSuite(options: EvaluationOptions = {}): Promise<Evaluation> {
  const closings: (() => Promise<void>)[] = [];
  try {
    const backend = memory();
    closings.unshift(() => backend.close());
    const worker = await Worker.start(backend, [parse, relation]);
    closings.unshift(() => worker.stop());
    const dispatcher = await Dispatcher.open(backend);
    closings.unshift(() => dispatcher.close());
    return await runStages(dispatcher, options);
  } finally {
    for (const close of closings) await close();
  }
}

async function runStages(dispatcher: Dispatcher, options: EvaluationOptions): Promise<Evaluation> {
  const tally = new Tally();
  const stages = [await runStage(dispatcher, parse, [...parseInputs(options)], (one) => tally.addParse(one), options)];
  if (!options.signal?.aborted) {
    const inputs = [...relationInputs(options)];
    stages.push(await runStage(dispatcher, relation, inputs, (one) => tally.addRelation(one), options));
  }
  const complete = stages.length === 2 && stages.every(({ inputs, summary }) => summary.completed === inputs);
  return { tally, stages, complete };
}

async function runStage<I, O>(
  dispatcher: Dispatcher,
  task: Task<I, O>,
  inputs: readonly I[],
  add: (output: O) => void,
  { signal, progress }: EvaluationOptions,
): Promise<Stage> {
  const run = dispatcher.run(task, inputs, signal === undefined ? {} : { signal });
  let done = 0;
  progress?.start(task.name, inputs.length);
  for await (const { value } of run) {
    if (value !== undefined) add(value);
    done += 1;
    progress?.update(task.name, done, inputs.length);
  }
  progress?.end(task.name, done, inputs.length);
  return { task: task.name, inputs: inputs.length, summary: await run.finished() };
}
