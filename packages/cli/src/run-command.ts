import { Console } from "node:console";
import { Dispatcher, type Run, Worker } from "@org/dispatch-core";
import type { Backend } from "@org/dispatch-core/contract";
import { findBackend } from "./backends.ts";
import { misuse, reach } from "./failure.ts";
import { chooseTask, DEFAULT_TASK, type HandlerFile, loadHandlerFile } from "./handler-file.ts";
import { type InputSource, openInput } from "./input-lines.ts";
import { type Log, logOf } from "./log.ts";
import { present } from "./options.ts";
import { type Output, openOutput } from "./output.ts";
import { collect } from "./run-collection.ts";
import { screenOn } from "./screen.ts";
import { type SignalWatch, unlessStopped, watchSignals } from "./signals.ts";
import type { Surroundings } from "./surroundings.ts";
import { dispatcherOptions, refuseLocal, type WorkOptions, workerOptions } from "./work-options.ts";

/** The options of `dispatch run`, parsed. What is absent has core's default. */
export interface RunCommandOptions extends WorkOptions {
  readonly handler?: string;
  /** A file, or `-` for standard input. */
  readonly input: string;
  /** A file, or `-` for standard output. */
  readonly output: string;
  /** May an existing output file be overwritten? */
  readonly force: boolean;
  readonly envelope: boolean;
  /** Is there to be a worker in this process? */
  readonly worker: boolean;
  readonly task?: string;
  readonly globalTimeoutMs?: number;
  readonly priority?: number;
  readonly delayMs?: number;
  readonly ordered: boolean;
  readonly maxInFlight?: number;
  readonly coordinator?: string;
}

/** `dispatch run`: fans the input out and collects every result. Answers the exit code; throws what went wrong before the run began. */
export async function runCommand(options: RunCommandOptions, around: Surroundings): Promise<number> {
  const backend = await findBackend(options.backend, present({ namespace: options.namespace }), around);
  try {
    if (!options.worker) refuseLocal(backend, "run --no-worker");
    return await runOn(backend, options, around);
  } finally {
    await backend.close();
  }
}

/** The same on a backend that is the caller's. Everything that can be wrong with files is found before the broker is touched. */
export async function runOn(backend: Backend, options: RunCommandOptions, around: Surroundings): Promise<number> {
  const signals = watchSignals(around);
  const screen = screenOn(around.stderr);
  const log = logOf(options.log, screen);
  if (options.output === "-") keepResultsClean(around);
  let source: InputSource | undefined;
  try {
    const file = await unlessStopped(signals, handlerFileOf(options, around));
    const task = file === undefined ? (options.task ?? DEFAULT_TASK) : chooseTask(file, options.task).name;
    source = await openInput(options.input, options, around);
    const output = await openOutput(options.output, options, around);
    const { clock } = around;
    return await withRun(backend, options, { task, file, source, output, log, signals }, (run, worker) =>
      collect({
        run,
        worker,
        source: source as InputSource,
        output,
        signals,
        screen,
        log,
        clock,
        pollMs: backend.profile.pollMs,
      }),
    );
  } finally {
    source?.close();
    signals.stop();
  }
}

interface Parts {
  readonly task: string;
  readonly file: HandlerFile | undefined;
  readonly source: InputSource;
  readonly output: Output;
  readonly log: Log;
  readonly signals: SignalWatch;
}

/** Opens a dispatcher and, unless workers run elsewhere, a worker; begins the run; and closes both when `collecting` has ended. */
async function withRun(
  backend: Backend,
  options: RunCommandOptions,
  { task, file, source, output, log, signals }: Parts,
  collecting: (run: Run<unknown>, worker: Worker | undefined) => Promise<number>,
): Promise<number> {
  const { priority, delayMs, globalTimeoutMs, maxInFlight, ordered } = options;
  const begin = <T>(contact: Promise<T>) => unlessStopped(signals, reach(contact));
  let begun = false;
  let dispatcher: Dispatcher | undefined;
  let worker: Worker | undefined;
  try {
    dispatcher = await begin(Dispatcher.open(backend, dispatcherOptions(options, backend, log)));
    if (options.worker && file !== undefined)
      worker = await begin(Worker.start(backend, file.tasks, workerOptions(options, backend, log)));
    const runOptions = present({ priority, delayMs, globalTimeoutMs, maxInFlight, ordered });
    const run = dispatcher.run<unknown, unknown>(task, source.inputs, runOptions);
    begun = true;
    return await collecting(run, worker);
  } finally {
    await worker?.stop();
    await dispatcher?.close();
    if (!begun) await output.discard();
  }
}

async function handlerFileOf(options: RunCommandOptions, around: Surroundings): Promise<HandlerFile | undefined> {
  if (options.handler !== undefined) return loadHandlerFile(options.handler, around.cwd);
  if (options.worker) throw misuse("run needs --handler FILE (or --no-worker, where workers run elsewhere)");
  return undefined;
}

/** A handler that says something by `console.log` would tear the result lines: with them on standard output, the console goes to standard error. */
function keepResultsClean(around: Surroundings): void {
  if (around.stdout === process.stdout) globalThis.console = new Console(process.stderr);
}
