import assert from "node:assert/strict";
import type { Dispatcher, QueueAdmin, Run } from "@org/dispatch-core";
import type { Outcome, Result } from "@org/dispatch-core/contract";
import { type Character, type MemorySession, memory } from "@org/dispatch-core/memory";
import { alwaysHolds, booksAddUp, everyTaskOnce, saysWhy } from "../invariants.ts";
import type { WorkerProcess } from "../world/worker-process.ts";
import { World } from "../world/world.ts";
import type { Model } from "./model.ts";
import { isOne, mostLost, possibleEnds, type Told } from "./prediction.ts";
import { handlerIn, MAX_ATTEMPTS, MAX_LOST, type Payload } from "./scripts.ts";

export interface Host {
  readonly worker: WorkerProcess;
  readonly session: MemorySession;
}

interface OpenRun {
  readonly run: Run<number>;
  readonly results: Promise<Result<number>[]>;
  readonly tasks: readonly Told[];
}

/** The real thing: a broker of a character, a dispatcher, an admin, and as many workers as the commands start. */
export class System {
  readonly world: World;
  readonly broker: MemorySession;
  readonly alive: Host[] = [];
  readonly frozen: Host[] = [];
  readonly runs: OpenRun[] = [];
  /** The names of the processes that died. */
  readonly killed = new Set<string>();
  /** The tasks for whose results nobody waits, by their ids. */
  readonly sent = new Map<string, Told>();
  readonly #sessions: MemorySession[] = [];
  #dispatcher: Dispatcher | undefined;
  #admin: QueueAdmin | undefined;

  constructor(character: Character, name: string) {
    const broker = memory({ namespace: name, character, profile: character === "sqs" ? { pollMs: 1_000 } : {} });
    const session = broker.session.bind(broker);
    // The commands cut the sessions of workers, which are nobody else's business.
    broker.session = () => {
      const made = session();
      this.#sessions.push(made);
      return made;
    };
    this.broker = broker;
    this.world = new World({ backend: () => broker, namespace: name });
  }

  get dispatcher(): Dispatcher {
    return this.#dispatcher as Dispatcher;
  }

  get admin(): QueueAdmin {
    return this.#admin as QueueAdmin;
  }

  async open(): Promise<void> {
    await this.world.depth("work");
    this.#dispatcher = (await this.world.dispatcher()).dispatcher;
    this.#admin = await this.world.admin();
  }

  async start(): Promise<Host> {
    const { leaseMs } = this.world;
    const worker = await this.world.worker(
      { handler: handlerIn(this.world) },
      {
        concurrency: 3,
        maxAttempts: MAX_ATTEMPTS,
        maxLost: MAX_LOST,
        timeoutMs: leaseMs / 2,
        backoff: { baseMs: 50, maxMs: 400 },
      },
    );
    const host = { worker, session: this.#sessions.at(-1) as MemorySession };
    this.alive.push(host);
    return host;
  }

  /** Nothing breaks any more, and a healthy worker is there: then every task ends, and as predicted. Answers how many were left no choice. */
  async drain(model: Model): Promise<{ readonly tasks: number; readonly determinate: number }> {
    const { world } = this;
    for (const { worker } of this.frozen.splice(0)) worker.process.thaw();
    await this.start();
    for (const { run, results, tasks } of this.runs) {
      const all = await world.time.wait(results, "L1: the run ends");
      // Of a run that was cancelled before all its inputs were read, the others were never tasks.
      everyTaskOnce(all, tasks.some(({ isCancelled }) => isCancelled) ? all.length : tasks.length);
      booksAddUp(run.summary, all);
      for (const result of all) this.#check(tasks[result.index] as Told, result);
    }
    await world.time.until(() => this.#open() === 0, "L1: every task that was sent ends");
    for (const { taskId, outcome, code } of this.#ended()) {
      const told = this.sent.get(taskId);
      if (told !== undefined) this.#checkSent(told, taskId, outcome, code);
    }
    this.#neverEarly(model);
    for (const letter of await world.deadLetters()) saysWhy(letter);
    alwaysHolds(world);
    const determinate = model.tasks.filter((task) => possibleEnds(task).length === 1).length;
    return { tasks: model.tasks.length, determinate };
  }

  /** Also after a failure, which is the one to be reported. */
  async close(): Promise<void> {
    for (const { worker } of this.frozen) worker.process.thaw();
    await this.world.end().catch(() => {});
  }

  /** I1, I3, I8: one result, and one of those that are possible. */
  #check(task: Told, { id, outcome, error, attempts, lost }: Result): void {
    const possible = possibleEnds(task);
    const said = `${id} (${JSON.stringify(task)}) is ${outcome} ${error?.code ?? ""} after ${attempts} attempts and ${lost} losses`;
    assert.ok(isOne(possible, outcome, error?.code, attempts), `I3, I8: ${said}`);
    assert.ok(lost <= mostLost(task), `I8: more losses than can be, ${said}`);
    assert.ok(lost <= MAX_LOST || error?.code === "LOST", `I8: ${said}`);
  }

  /** As above, for a task for whose result nobody waits: what workers say of it. */
  #checkSent(task: Told, id: string, outcome: Outcome, code: string | undefined): void {
    const possible = possibleEnds(task).map(({ attempts: _, ...end }) => end);
    assert.ok(isOne(possible, outcome, code, 0), `I1: ${id} (${JSON.stringify(task)}) is ${outcome} ${code ?? ""}`);
  }

  /** How many of the tasks that were sent have not ended anywhere. */
  #open(): number {
    const ended = new Set(this.#ended().map(({ taskId }) => taskId));
    return [...this.sent.keys()].filter((id) => !ended.has(id) && !this.#endedUnseen(id)).length;
  }

  /**
   * It ended, and nobody was left to say so: its handler had come to its end when the process died; or its dead letter was sent, the answer to the ack was
   * lost, and when it came again there was only the ack to do.
   */
  #endedUnseen(id: string): boolean {
    const { ledger, sent } = this.world;
    if (ledger.of(id).some(({ end, worker }) => end !== "running" && this.killed.has(worker))) return true;
    return sent.some(({ queue, frame }) => queue.role === "dead" && frame.name.startsWith(`${id}#`));
  }

  #ended(): { readonly taskId: string; readonly outcome: Outcome; readonly code: string | undefined }[] {
    const { events } = this.world;
    return [
      ...events
        .named("queue_completed")
        .map(({ taskId }) => ({ taskId, outcome: "completed", code: undefined }) as const),
      ...events.named("task_dead").map(({ taskId, code }) => ({ taskId, outcome: "dead", code }) as const),
      ...events.named("task_expired").map(({ taskId }) => ({ taskId, outcome: "expired", code: "EXPIRED" }) as const),
      ...events
        .named("task_cancelled")
        .map(({ taskId }) => ({ taskId, outcome: "cancelled", code: "CANCELLED" }) as const),
    ];
  }

  /** I14: no handler had a task before its delay was over. */
  #neverEarly(model: Model): void {
    for (const { payload, startedAt, id } of this.world.ledger.runs) {
      const task = model.tasks[(payload as Payload).n] as Told;
      const leastMs = task.sentAt + task.delayMs;
      // A wall clock of 10¹² ms has a quarter of a µs in its last bit.
      assert.ok(startedAt >= leastMs - 0.001, `I14: ${id} was begun at ${startedAt}, not before ${leastMs}`);
    }
  }
}
