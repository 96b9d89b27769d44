import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { defineTask, type Task } from "@org/dispatch-core";
import { messageOf, misuse } from "./failure.ts";
import { isName } from "./options.ts";

/** The tasks of a handler file, by name, in the order of their names' first appearance; the default export first. */
export interface HandlerFile {
  /** As the user wrote it. */
  readonly path: string;
  readonly tasks: readonly Task[];
  /** The name of the default export's task, where there is one. */
  readonly defaultName: string | undefined;
}

/** The name of the task that a plain function is when it is the default export. */
export const DEFAULT_TASK = "default";

/**
 * Imports a handler file, JavaScript or TypeScript, and finds its tasks: a default export that is a function or a task, and named exports that are
 * tasks. Other exports are the user's own. Throws CONFIG_INVALID for a file that is missing, fails to load, or has no task.
 */
export async function loadHandlerFile(path: string, cwd: string): Promise<HandlerFile> {
  const file = resolve(cwd, path);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw misuse(`the handler file ${path} does not exist`);
  if (!found.isFile()) throw misuse(`the handler file ${path} is not a file`);
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href).catch((error: unknown) => {
    throw misuse(`the handler file ${path} cannot be loaded: ${messageOf(error)}`, { cause: error });
  });
  return tasksOf(path, module);
}

/** Finds the tasks of a module. Throws CONFIG_INVALID where there is none, two of one name, or a name that cannot be. */
export function tasksOf(path: string, module: unknown): HandlerFile {
  const tasks = new Map<string, Task>();
  let defaultName: string | undefined;
  const add = (task: Task) => {
    const known = tasks.get(task.name);
    if (known !== undefined && known !== task)
      throw misuse(`the handler file ${path} has two tasks of the name "${task.name}"`);
    if (!isName(task.name))
      throw misuse(`the handler file ${path} has a task of the name "${task.name}", which cannot be a name`);
    tasks.set(task.name, task);
  };
  const exported = exportsOf(module);
  const main = exported.default;
  const mainTask = isTask(main)
    ? main
    : isHandler(main)
      ? defineTask({ name: DEFAULT_TASK, handler: main })
      : undefined;
  if (mainTask !== undefined) {
    add(mainTask);
    defaultName = mainTask.name;
  }
  for (const value of Object.values(exported)) if (isTask(value)) add(value);
  if (tasks.size === 0)
    throw misuse(
      `the handler file ${path} has no task: its default export is to be a function, or its exports made by defineTask`,
    );
  return { path, tasks: [...tasks.values()], defaultName };
}

/** The task that a run is of: the named one, else the only one, else the default export. Throws CONFIG_INVALID where that is none. */
export function chooseTask(file: HandlerFile, name: string | undefined): Task {
  const names = file.tasks.map((task) => task.name).join(", ");
  const wanted = name ?? (file.tasks.length === 1 ? file.tasks[0]?.name : file.defaultName);
  if (wanted === undefined)
    throw misuse(`the handler file ${file.path} has several tasks (${names}): choose one with --task`);
  const task = file.tasks.find((candidate) => candidate.name === wanted);
  if (task === undefined) throw misuse(`the handler file ${file.path} has no task "${wanted}"; it has ${names}`);
  return task;
}

/** The exports by name; those of a CommonJS module that Node's scan did not see are the keys of its `default`. */
function exportsOf(module: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(module)) return {};
  const inner: unknown = module.default;
  if (isRecord(inner) && !isTask(inner)) return { ...inner, ...module, default: inner.default };
  return module;
}

// By shape, not by class: the handler file may import another copy of core.
function isTask(value: unknown): value is Task {
  return isRecord(value) && typeof value.name === "string" && typeof value.handler === "function";
}

function isHandler(value: unknown): value is Task["handler"] {
  return typeof value === "function";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
