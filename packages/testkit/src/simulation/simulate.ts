import { AssertionError } from "node:assert";
import { type Context, input } from "@org/dispatch-core";
import type { Backend, Result } from "@org/dispatch-core/contract";
import type { Process } from "../world/process.ts";
import type { CaseTask, WorkerProcess } from "../world/worker-process.ts";
import { World } from "../world/world.ts";
import { type BrokerName, makeBroker } from "./brokers.ts";
import { check } from "./checks.ts";
import { Crew } from "./crew.ts";
import { Dice } from "./dice.ts";
import { Nemesis } from "./nemesis.ts";
import { Network, networked } from "./network.ts";
import { scripted } from "./script.ts";
import { drawSetting, type Sending, type Setting } from "./setting.ts";
import type { Simulated } from "./simulated.ts";
import { Trace } from "./trace.ts";

export interface SimulateOptions {
  /** A whole number: says everything that happens. */
  readonly seed: number;
  /** Runs instead of the scripted handlers; what it does must follow from its arguments alone, or a seed means something else each time. */
  readonly handler?: ((payload: unknown, context: Context, host: WorkerProcess) => unknown) | undefined;
  /** The payloads for `handler`; default: the scripts. */
  readonly inputs?: readonly unknown[] | undefined;
  /** One of these brokers is drawn; default: all that there are. */
  readonly brokers?: readonly BrokerName[] | undefined;
  /** Changes what the seed has drawn. */
  readonly change?: ((setting: Setting) => Setting) | undefined;
  /** Put around the backend of each process: a fault of one's own, or an adapter's habits. */
  readonly decorate?: ((backend: Backend) => Backend) | undefined;
}

export interface Simulation {
  readonly seed: number;
  readonly broker: BrokerName;
  /** The same for each run of a seed. */
  readonly hash: string;
  /** The promise that was broken, if one was: its message begins with the ids of the invariants. */
  readonly violation: Error | undefined;
  /** What led to it: the events of the task that it speaks of, and all faults. Empty where nothing was broken. */
  readonly trace: readonly string[];
  readonly results: readonly Result[];
  /** How often handlers were begun. */
  readonly handlerRuns: number;
  /** Virtual time that passed, ms. */
  readonly tookMs: number;
}

/** So many lines of a trace are kept. */
const TRACE_LINES = 300;

/**
 * Runs dispatcher, coordinator and workers of core on a virtual clock and a simulated broker: first with faults, all of them drawn from the seed, then
 * without any, until everything has ended. Judges what came of it. Never rejects for a broken promise: that is the `violation`.
 */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  const { seed, brokers, inputs, handler, change = (setting) => setting } = options;
  const drawn = change(drawSetting(seed, brokers));
  const setting = inputs === undefined ? drawn : { ...drawn, sends: [], inputs: inputs.map(sendingOf) };
  const world = new World({
    backend: () => makeBroker(setting.broker, seed),
    namespace: "simulation",
    seed: `world ${seed}`,
  });
  const trace = new Trace(() => world.clock.now());
  let violation: Error | undefined;
  let results: readonly Result[] = [];
  let crew: Crew | undefined;
  try {
    const simulation = await begin(setting, world, trace, options, handler);
    crew = simulation.crew;
    results = await live(simulation, handler === undefined);
  } catch (error) {
    violation = asError(error);
  }
  try {
    await crew?.end();
    await world.end();
  } catch (error) {
    violation ??= asError(error);
  }
  const message = trace.plain(violation?.message ?? "");
  if (violation !== undefined) violation.message = message;
  return {
    seed,
    broker: setting.broker,
    hash: trace.hash,
    violation,
    trace: violation === undefined ? [] : trace.about(/\br\d+\/\d+/.exec(message)?.[0], TRACE_LINES),
    results,
    handlerRuns: world.ledger.runs.length,
    tookMs: world.clock.now(),
  };
}

async function begin(
  setting: Setting,
  world: World,
  trace: Trace,
  { decorate = (backend) => backend }: SimulateOptions,
  handler: SimulateOptions["handler"],
): Promise<Simulated> {
  const { seed } = setting;
  const network = new Network(world, new Dice(`network ${seed}`), setting.faults, trace);
  const observer = (process: string) => {
    const [logged, traced] = [world.events.observer(process), trace.observer(process)];
    return (event: Parameters<typeof logged>[0]) => {
      logged(event);
      traced(event);
    };
  };
  const { timeoutMs, maxAttempts } = setting;
  const task: CaseTask = { timeoutMs, maxAttempts, handler: handler ?? scripted(world, setting) };
  const dispatcher = await world.dispatcher(
    { ...setting.dispatcher, coordinator: "coordinator", observer: observer("dispatcher-1") },
    (process) => {
      process.decorate(decorate);
      process.intercept([...networked], network.interceptor(process.name));
    },
  );
  const parts = {
    ...{ setting, world, trace, network, dispatcher, observer, tasks: [task], verbs: networked },
    prepare: (process: Process) => process.decorate(decorate),
  };
  return { ...parts, crew: new Crew(parts) };
}

/** The safety phase, then the liveness phase, then the judgement. */
async function live(simulated: Simulated, isScripted: boolean): Promise<readonly Result[]> {
  const {
    setting,
    world,
    crew,
    dispatcher: { dispatcher },
  } = simulated;
  const nemesis = new Nemesis(simulated, new Dice(`nemesis ${setting.seed}`));
  for (let hired = 0; hired < setting.workers; hired += 1) crew.hire();
  nemesis.begin();
  const readAt = new Map<number, number>();
  const read = function* () {
    for (const [index, { payload, options }] of setting.inputs.entries()) {
      readAt.set(index, world.clock.now());
      yield input(payload, options);
    }
  };
  const run = dispatcher.run<unknown, unknown>("default", read(), setting.run);
  let results: readonly Result[] | undefined;
  let failure: unknown;
  run.results().then(
    (all) => {
      results = all;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  const sent = new Map<string, Sending>();
  let sending = setting.sends.length;
  for (const one of setting.sends)
    dispatcher
      .send("default", one.payload, one.options)
      .then(
        ({ id, duplicate }) => duplicate || sent.set(id, one),
        (error: unknown) => simulated.trace.note("dispatcher-1", `a send failed: ${String(error)}`),
      )
      .finally(() => {
        sending -= 1;
      });
  await world.time.pass(setting.faults.forMs);
  nemesis.end();
  simulated.trace.note("world", "no more faults");
  const withinMs = boundMs(setting);
  await world.time.until(
    () => results !== undefined || failure !== undefined,
    `L1: the run ends without faults, ${setting.inputs.length} tasks`,
    withinMs,
  );
  if (results === undefined) throw failure;
  await world.time.until(() => sending === 0, "L1: all sends are answered", withinMs);
  if (setting.faults.loses === 0) await allEnd(simulated, sent, withinMs);
  // What is late comes now.
  await world.time.pass(3 * setting.leaseMs);
  const letters = await world.deadLetters();
  const { summary } = run;
  check({ simulated, nemesis, results, summary, letters, scripted: isScripted, readAt, sent });
  return results;
}

/** I1: what was sent for nobody ends too. Nobody hears of it: what its handler did, its worker said, or a dead letter says must do. */
async function allEnd(
  { world, setting }: Simulated,
  sent: ReadonlyMap<string, Sending>,
  withinMs: number,
): Promise<void> {
  const dead = new Set<string>();
  const isOver = (id: string, { payload, options }: Sending) =>
    options.deadlineMs !== undefined ||
    dead.has(id) ||
    world.ledger.of(id).some(({ end }) => end === "returned" || (end === "threw" && payload.does === "drops")) ||
    world.events.named("task_cancelled").some(({ taskId }) => taskId === id);
  const untilMs = world.clock.now() + withinMs;
  for (;;) {
    const open = [...sent].find(([id, one]) => !isOver(id, one))?.[0];
    if (open === undefined) return;
    if (world.clock.now() > untilMs)
      throw new AssertionError({ message: `I1, L1: ${open} was accepted, and has no end within ${withinMs} ms` });
    await world.time.pass(setting.leaseMs);
    for (const { id } of await world.deadLetters()) dead.add(id);
  }
}

/** How long everything may take when there are no more faults: each task's worst, one after the other on each slot, and what leases and resends take. */
function boundMs({ inputs, sends, worker, leaseMs, timeoutMs, maxAttempts, maxLost }: Setting): number {
  const tasks = inputs.length + sends.length;
  const perTaskMs = (timeoutMs * 2 + 1_000) * maxAttempts + leaseMs * 3 * (maxLost + 1);
  return tasks * perTaskMs + 60_000 + (worker.drainMs ?? 0);
}

function sendingOf(payload: unknown): Sending {
  return { payload: payload as Sending["payload"], options: {} };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
