/** A worker's own process, from both sides. */
import { fork } from "node:child_process";
import { forcedHeapBytes } from "../meters.ts";
import type { Site } from "./subject.ts";

/** What can be asked of it: µs of CPU, bytes of the heap after a collection, calls of its backend; all so far. */
type Question = "cpu" | "heap" | "requests";

export interface WorkerProcess {
  ask(question: Question): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the module in a process of its own; resolves when it takes tasks. Dies with this process. */
export async function startWorker(module: URL, { url, name, concurrency }: Site): Promise<WorkerProcess> {
  const child = fork(module, [url, name, String(concurrency ?? "")], { execArgv: ["--expose-gc"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const answer = () =>
    new Promise<unknown>((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`the worker ended with ${code}`));
      child.once("message", (said) => {
        child.off("exit", ended);
        resolve(said);
      });
      child.once("exit", ended);
    });
  await answer();
  const ask = (question: string) => {
    const answered = answer();
    child.send(question);
    return answered;
  };
  return {
    ask: async (question) => Number(await ask(question)),
    async stop() {
      await ask("stop");
      process.removeListener("exit", kill);
      child.disconnect();
    },
  };
}

/** What works, in the worker's process. */
export interface Working {
  stop(): Promise<unknown>;
  /** Calls of its backend so far; only where there is one. */
  requests?(): number;
}

/** Called by the worker's module: starts what works, and then answers what is asked. */
export async function serve(start: (site: Site) => Promise<Working>): Promise<void> {
  const [url = "", name = "", concurrency = ""] = process.argv.slice(2);
  const worker = await start({ url, name, ...(concurrency !== "" && { concurrency: Number(concurrency) }) });
  const answers: Readonly<Record<Question, () => number>> = {
    cpu: () => process.cpuUsage().user + process.cpuUsage().system,
    heap: forcedHeapBytes,
    requests: () => worker.requests?.() ?? 0,
  };
  process.on("disconnect", () => process.exit());
  process.on("message", async (question: Question | "stop") => {
    if (question !== "stop") return void process.send?.(answers[question]());
    await worker.stop();
    process.send?.("stopped");
  });
  process.send?.("started");
}
