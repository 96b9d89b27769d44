/** A worker's own process, from both sides. */
import { fork } from "node:child_process";
import type { Site } from "./subject.ts";

export interface WorkerProcess {
  /** µs of CPU so far. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the module in a process of its own; resolves when it takes tasks. Dies with this process. */
export async function startWorker(module: URL, { url, name }: Site): Promise<WorkerProcess> {
  const child = fork(module, [url, name]);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const answer = () =>
    new Promise<unknown>((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`the worker ended with ${code}`)));
    });
  await answer();
  const ask = (question: string) => {
    const answered = answer();
    child.send(question);
    return answered;
  };
  return {
    cpu: async () => Number(await ask("cpu")),
    async stop() {
      await ask("stop");
      process.removeListener("exit", kill);
      child.disconnect();
    },
  };
}

/** Called by the worker's module: starts what works, and then answers what is asked. */
export async function serve(start: (site: Site) => Promise<{ stop(): Promise<unknown> }>): Promise<void> {
  const [url = "", name = ""] = process.argv.slice(2);
  const worker = await start({ url, name });
  process.on("disconnect", () => process.exit());
  process.on("message", async (question) => {
    if (question === "cpu") {
      const { user, system } = process.cpuUsage();
      process.send?.(user + system);
    } else {
      await worker.stop();
      process.send?.("stopped");
    }
  });
  process.send?.("started");
}
