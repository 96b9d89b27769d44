/** The program of `spawnWorker`: a worker on the backend of a module, until SIGTERM, or until its parent is gone. */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { type Context, defineTask, type Task, Worker } from "@org/dispatch-core";
import type { Backend } from "@org/dispatch-core/contract";
import { type ChildMessage, workerIdOf } from "./worker-child.ts";

type Start = Extract<ChildMessage, { start: unknown }>["start"];

process.once("disconnect", () => process.exit(0));
process.once("message", (message: ChildMessage) => {
  if (!("start" in message)) return;
  start(message.start).then(
    () => say({ ready: true }),
    (error: unknown) => say({ failed: error instanceof Error ? error.message : String(error) }),
  );
});

async function start({ module, namespace, queue, leaseMs, concurrency, handler }: Start): Promise<void> {
  const factory = await defaultOf(module);
  if (typeof factory !== "function")
    throw new Error(`the default export of ${module} is no function (namespace) => Backend`);
  const backend: Backend = factory(namespace);
  const worker = await Worker.start(backend, await taskOf(handler), {
    ...(queue !== undefined && { queue }),
    ...(leaseMs !== undefined && { leaseMs }),
    ...(concurrency !== undefined && { concurrency }),
    id: workerIdOf(process.pid),
    create: true,
    // Each call of a verb is an event too: nobody asks for those here.
    observer: (event) => event.event === "call" || say({ event }),
  });
  process.once("SIGTERM", async () => {
    await worker.stop();
    await backend.close();
    process.exit(0);
  });
}

/** The default export of a file, given by its path or its URL. */
async function defaultOf(file: string): Promise<unknown> {
  const found: { default?: unknown } = await import(isAbsolute(file) ? pathToFileURL(file).href : file);
  return found.default;
}

async function taskOf(handler: string | URL | undefined): Promise<Task> {
  const given = handler === undefined ? work : await defaultOf(String(handler));
  return typeof given === "function"
    ? defineTask({ name: "default", handler: given as Task["handler"] })
    : (given as Task);
}

/** Waits, and says who did it. */
async function work(payload: unknown, { signal, progress }: Context): Promise<unknown> {
  const { takesMs = 0, n } = payload as { readonly takesMs?: number; readonly n?: unknown };
  progress("begun");
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, takesMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return { n, by: workerIdOf(process.pid) };
}

function say(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}
