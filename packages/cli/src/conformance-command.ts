import { access } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Backend } from "@org/dispatch-core/contract";
import type { ConformanceReport, RunOptions } from "@org/dispatch-testkit";
import { messageOf, misuse } from "./failure.ts";
import { importPackage } from "./installed-package.ts";
import { checkReportPlace } from "./report-place.ts";
import type { Surroundings } from "./surroundings.ts";

/** The levels of the suite, each with more faults than the one before. */
export const LEVELS = ["seam", "system", "chaos", "stress"] as const;

const TESTKIT = "@org/dispatch-testkit";

/** The options of `dispatch conformance`, parsed. */
export interface ConformanceCommandOptions {
  /** The file that exports the factory of the backend. */
  readonly module: string;
  /** Absent: the suite's own default. */
  readonly levels: readonly (typeof LEVELS)[number][] | undefined;
  /** Where the report goes. */
  readonly out: string;
}

/** What this command uses of the testkit, which is loaded only here: whoever runs tasks does not need it. */
interface Testkit {
  runConformance(options: RunOptions): Promise<ConformanceReport>;
  reportText(report: ConformanceReport): string;
  caseLine(report: ConformanceReport["cases"][number]): string;
  spawnWorker(module: string, options: Parameters<NonNullable<RunOptions["spawnWorker"]>>[0]): Promise<SpawnedWorker>;
}

type SpawnedWorker = Awaited<ReturnType<NonNullable<RunOptions["spawnWorker"]>>>;
type More = Pick<RunOptions, (typeof MORE)[number]>;

/** What a module may export beside its factory: options of the suite, which checks them. */
const MORE = ["restart", "spawnWorker", "proxy", "outageMs", "slackMs", "skip"] as const;

/**
 * `dispatch conformance MODULE`: the suite on the backend that a module makes, each case a line on standard error as it ends, the table on standard output,
 * the report as JSON. Answers the exit code: 0 all held, 1 something did not. Throws CONFIG_INVALID for a module that cannot be used, and where the
 * testkit is not installed, and where the report would take the place of something else.
 */
export async function conformanceCommand(options: ConformanceCommandOptions, around: Surroundings): Promise<number> {
  const file = resolve(around.cwd, options.module);
  await access(file).catch(() => {
    throw misuse(`the module ${options.module} does not exist`);
  });
  const report = resolve(around.cwd, options.out);
  await checkReportPlace(report, options.out);
  const { module } = await importPackage(TESTKIT, [file, join(around.cwd, "package.json"), around.home]);
  if (!isTestkit(module))
    throw misuse(`the package ${TESTKIT} has no function runConformance: is it of another version?`);
  const { backend, more } = await loadFactory(options.module, file);
  const ended = await module.runConformance({
    backend,
    // The module says how a worker of another process gets the same backend: it is imported there too.
    spawnWorker: (spawn) => module.spawnWorker(file, spawn),
    ...more,
    ...(options.levels !== undefined && { levels: options.levels }),
    report,
    onCase: (one) => {
      if (one.status !== "left-out") around.stderr.write(`${module.caseLine(one)}\n`);
    },
  });
  around.stdout.write(module.reportText(ended));
  return ended.totals.failed === 0 && ended.totals.passed > 0 ? 0 : 1;
}

/** What a module exports for the suite. Throws CONFIG_INVALID where it cannot be loaded, or exports something else. */
async function loadFactory(path: string, file: string): Promise<{ backend: RunOptions["backend"]; more: More }> {
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href).catch((error: unknown) => {
    throw misuse(`the module ${path} in ${dirname(file)} cannot be loaded: ${messageOf(error)}`, { cause: error });
  });
  const exported = exportsOf(module);
  const { default: backend } = exported;
  if (!isFactory(backend)) throw misuse(`the default export of ${path} is to be a function (namespace) => Backend`);
  const more = Object.fromEntries(
    MORE.flatMap((name) => (exported[name] === undefined ? [] : [[name, exported[name]]])),
  ) as More;
  return { backend: checked(backend, path), more };
}

/** The same factory; what it makes is checked as far as it can be before anything is called. */
function checked(factory: RunOptions["backend"], path: string): RunOptions["backend"] {
  return (namespace) => {
    let backend: Backend;
    try {
      backend = factory(namespace);
    } catch (error) {
      throw misuse(`the default export of ${path} threw: ${messageOf(error)}`, { cause: error });
    }
    if (!isRecord(backend) || !isRecord(backend.profile) || typeof backend.receive !== "function")
      throw misuse(`the default export of ${path} answers no Backend: is it asynchronous?`);
    return backend;
  };
}

/** The exports by name; those of a CommonJS module that Node's scan did not see are the keys of its `default`. */
function exportsOf(module: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(module)) return {};
  const inner = module.default;
  return isRecord(inner) && typeof inner !== "function" ? { ...inner, ...module, default: inner.default } : module;
}

function isTestkit(module: unknown): module is Testkit {
  return isRecord(module) && typeof module.runConformance === "function" && typeof module.spawnWorker === "function";
}

function isFactory(value: unknown): value is RunOptions["backend"] {
  return typeof value === "function";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
