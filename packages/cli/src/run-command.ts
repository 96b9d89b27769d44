import { Console } from "node:console";
import { syncBuiltinESMExports } from "node:module";
import { Dispatcher, type Run, Worker } from "@org/dispatch-core";
import type { Backend, Observer } from "@org/dispatch-core/contract";
import { findBackend } from "./backends.ts";
import { misuse, reach } from "./failure.ts";
import { watchHandlers } from "./foreign-code.ts";
import { chooseTask, DEFAULT_TASK, type HandlerFile, loadHandlerFile } from "./handler-file.ts";
import { type HttpService, openHttp } from "./http-service.ts";
import { type InputSource, openInput } from "./input-lines.ts";
import { type Log, lastWord, logOf } from "./log.ts";
import { type Output, openOutput } from "./output.ts";
import { collect } from "./run-collection.ts";
import { screenOn } from "./screen.ts";
import { type SignalWatch, unlessStopped, watchSignals } from "./signals.ts";
import type { Surroundings } from "./surroundings.ts";
import {
  adapterOptions,
  dispatcherOptions,
  type RunSettings,
  refuseLocal,
  runOptions,
  type WorkOptions,
  workerOptions,
} from "./work-options.ts";

/** The options of `dispatch run`, parsed. What is absent has core's default. */
export interface RunCommandOptions extends WorkOptions, RunSettings {
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
}

/** `dispatch run`: fans the input out and collects every result. Answers the exit code; throws what went wrong before the run began. */
export async function runCommand(options: RunCommandOptions, around: Surroundings): Promise<number> {
  // Before anything else: to import an adapter takes a while.
  const signals = watchSignals(around);
  let backend: Backend | undefined;
  try {
    backend = await unlessStopped(signals, findBackend(options.backend, adapterOptions(options), around));
    if (!options.worker) refuseLocal(backend, "run --no-worker");
    return await runOn(backend, options, around, signals);
  } finally {
    signals.stop();
    const closed = backend?.close();
    // Within one process nobody is left who could miss what a last poll still brings, and the process goes too.
    if (backend?.profile.reach === "network") await closed;
  }
}

/** The same on a backend that is the caller's. Everything that can be wrong with files is found before the broker is touched. */
export async function runOn(
  backend: Backend,
  options: RunCommandOptions,
  around: Surroundings,
  signals: SignalWatch = watchSignals(around),
): Promise<number> {
  const screen = screenOn(around.stderr);
  const log = logOf(options.log, screen, backend.name);
  if (options.output === "-") keepResultsClean(around);
  let source: InputSource | undefined;
  let output: Output | undefined;
  let http: HttpService | undefined;
  const save = () => output?.save();
  signals.saving(save);
  const handlers = watchHandlers(around, { signals, log, screen, save });
  try {
    const load = handlers.loading(options.handler ?? "", handlerFileOf(options, around));
    const file = await unlessStopped(signals, load);
    const task = file === undefined ? (options.task ?? DEFAULT_TASK) : chooseTask(file, options.task).name;
    source = await openInput(options.input, options, around);
    output = await openOutput(options.output, { force: options.force, input: source.file }, around, signals);
    const last = lastWord(log.observer);
    http = await openHttp(backend, options, { log, screen }, around);
    const { pollMs, reach } = backend.profile;
    const ends = { clock: around.clock, pollMs, isLocal: reach === "process" };
    const parts = { source, output, signals, screen, log, ...ends };
    return await withRun(backend, options, { task, file, http, observer: last.observer, ...parts }, (run, worker) =>
      collect({ run, worker, sayFinished: last.say, ...parts }),
    );
  } finally {
    await http?.close();
    handlers.stop();
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
  readonly http: HttpService;
  readonly signals: SignalWatch;
  /** The dispatcher's. */
  readonly observer: Observer | undefined;
}

/** Opens a dispatcher and, unless workers run elsewhere, a worker; begins the run, which stops the worker; closes both where it never began. */
async function withRun(
  backend: Backend,
  options: RunCommandOptions,
  { task, file, source, output, log, http, signals, observer }: Parts,
  collecting: (run: Run<unknown>, worker: Worker | undefined) => Promise<number>,
): Promise<number> {
  const begin = <T>(contact: Promise<T>) => unlessStopped(signals, reach(contact));
  let begun = false;
  let dispatcher: Dispatcher | undefined;
  let worker: Worker | undefined;
  try {
    const observed = { observer: http.observing(observer) };
    dispatcher = await begin(Dispatcher.open(backend, dispatcherOptions(options, backend, observed)));
    const watched = { ...log, observer: http.observing(log.observer) };
    if (options.worker && file !== undefined)
      worker = await begin(Worker.start(backend, file.tasks, workerOptions(options, backend, watched)));
    await http.look();
    await output.begin();
    const run = dispatcher.run<unknown, unknown>(task, source.inputs, runOptions(options));
    begun = true;
    return await collecting(run, worker);
  } finally {
    if (!begun) await worker?.stop();
    await dispatcher?.close();
    if (!begun) await output.discard();
  }
}

async function handlerFileOf(options: RunCommandOptions, around: Surroundings): Promise<HandlerFile | undefined> {
  if (options.handler !== undefined) return loadHandlerFile(options.handler, around.cwd);
  if (options.worker) throw misuse("run needs --handler FILE (or --no-worker, where workers run elsewhere)");
  return undefined;
}

/** A handler that says something would tear the result lines: with them on standard output, its console and its `process.stdout` are standard error. */
function keepResultsClean(around: Surroundings): void {
  if (around.stdout !== process.stdout) return;
  Object.defineProperty(process, "stdout", { get: () => process.stderr, configurable: true, enumerable: true });
  // `import { stdout } from "node:process"` is a copy of it.
  syncBuiltinESMExports();
  globalThis.console = new Console(process.stderr);
}
