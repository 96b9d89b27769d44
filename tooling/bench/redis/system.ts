/** A subject at work: its coordinator in this process, its workers and the server in others. */
import { benchServer, type Server } from "./server.ts";
import type { BrokerSubject, Coordinator } from "./subject.ts";
import { startWorker, type WorkerProcess } from "./worker.ts";

export interface System {
  readonly server: Server;
  readonly coordinator: Coordinator;
  readonly workers: readonly WorkerProcess[];
  /** µs of CPU of all processes so far. */
  cpu(): Promise<number>;
  /** Calls of all backends so far. Throws where the subject has none. */
  requests(): Promise<number>;
}

export async function withSystem<T>(
  subject: BrokerSubject,
  workerCount: number,
  work: (system: System) => Promise<T>,
): Promise<T> {
  const server = await benchServer();
  await server.clear();
  const { concurrency } = subject;
  const site = { url: server.url, name: `dispatch.bench-${process.pid}`, concurrency };
  const workers = await Promise.all(Array.from({ length: workerCount }, () => startWorker(subject.worker, site)));
  const coordinator = await subject.open(site);
  const sumOf = async (question: "cpu" | "requests") =>
    (await Promise.all(workers.map((worker) => worker.ask(question)))).reduce((sum, value) => sum + value, 0);
  try {
    return await work({
      server,
      coordinator,
      workers,
      async cpu() {
        const { user, system } = process.cpuUsage();
        return user + system + (await server.cpu()) + (await sumOf("cpu"));
      },
      async requests() {
        if (coordinator.requests === undefined) throw new TypeError("this subject counts no requests");
        return coordinator.requests() + (await sumOf("requests"));
      },
    });
  } finally {
    await coordinator.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    await server.clear();
    server.close();
  }
}
