/** The workers of a cell: in processes of their own, or in this one, where their wires can be reached. */
import type { Backend, DispatchEvent } from "../../packages/core/dist/contract.js";
import { defineTask, systemClock, Worker } from "../../packages/core/dist/index.js";
import { isSession, Process, type WorkerChild } from "../../packages/testkit/dist/index.js";
import work from "./handler.ts";

/** What lies between a worker and its broker. */
export interface Wire {
  /** Reset. */
  cut(): void;
  blackHole(on: boolean): void;
  latency(ms: number): void;
}

export interface Member {
  readonly id: string;
  readonly wire?: Wire;
  /** SIGKILL, or what comes next to it. */
  kill(): Promise<unknown>;
  freeze(): void;
  thaw(): void;
  /** A graceful end. */
  stop(): Promise<unknown>;
}

export interface MemberOptions {
  readonly id: string;
  readonly leaseMs: number;
  readonly concurrency: number;
  readonly observer: (event: DispatchEvent) => void;
}

export function memberOf(child: WorkerChild): Member {
  return {
    id: child.id,
    kill: () => child.kill(),
    freeze: () => child.freeze(),
    thaw: () => child.thaw(),
    stop: () => child.stop(),
  };
}

/** Starts a worker in this process. `connection` is its own, unless `isShared`. */
export async function startHere(connection: Backend, isShared: boolean, options: MemberOptions): Promise<Member> {
  const { id } = options;
  const session = !isShared && isSession(connection) ? connection : undefined;
  const reach = connection.profile.reach;
  const clock = systemClock();
  const process = new Process({ name: id, connection, session, shared: reach === "process", clock, sent: () => {} });
  const task = defineTask({ name: "default", handler: work });
  const worker = await Worker.start(process.backend, task, { ...options, clock: process.clock });
  const end = async () => {
    await worker.stop();
    process.clock.kill();
    if (!isShared) await connection.close();
  };
  return {
    id,
    wire: {
      // A broker in this process has no wire: there the calls break that are under way.
      cut: () => (session?.cut === undefined ? process.reset() : session.cut()),
      blackHole: (on) => void process.blackHole(on),
      latency: (ms) => session?.latency?.(ms),
    },
    kill: async () => process.crash(),
    freeze: () => process.freeze(),
    thaw: () => process.thaw(),
    stop: end,
  };
}
