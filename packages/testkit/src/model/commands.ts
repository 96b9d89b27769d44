import { DispatchError, input } from "@org/dispatch-core";
import fc from "fast-check";
import { saysWhy } from "../invariants.ts";
import type { Model } from "./model.ts";
import type { Told } from "./prediction.ts";
import { type Script, scripts } from "./scripts.ts";
import type { Host, System } from "./system.ts";

type Command = fc.AsyncCommand<Model, System>;

/** So long the broker may take to notice that a process is gone, and then a lease may still run. */
const noticedMs = ({ world }: System): number => {
  const { lease } = world.profile;
  return (lease.kind === "session" ? lease.detectionMs : 0) + world.leaseMs + world.profile.pollMs;
};

interface Options {
  readonly script: Script;
  readonly priority: number;
  readonly delayMs: number;
  readonly deadlineMs: number | undefined;
  readonly id: string | undefined;
  readonly key: string | undefined;
}

const MOST_WORKERS = 3;

const command = (
  name: string,
  run: (model: Model, system: System) => Promise<unknown>,
  check: (model: Readonly<Model>) => boolean = () => true,
): Command => ({
  check,
  run: async (model, system) => {
    await run(model, system);
  },
  toString: () => name,
});

const tell = (model: Model, { world }: System, options: Options): Told =>
  model.told(world.clock.now(), options.script, options);

const how = ({ priority, delayMs, deadlineMs, id, key }: Options) => ({ priority, delayMs, deadlineMs, id, key });

const send = (options: Options) =>
  command(`send ${said(options)}`, async (model, system) => {
    const task = tell(model, system, options);
    const payload = { n: task.n, script: task.script };
    const sending = system.dispatcher.send("default", payload, how(options));
    const { id, duplicate } = await system.world.time.wait(sending, "it is sent");
    // Not one of ours then: the broker has the other one.
    if (!duplicate) system.sent.set(id, task);
  });

const run = (all: readonly Options[]) =>
  command(`run ${all.map(said).join(" and ")}`, async (model, system) => {
    const tasks = all.map((options) => tell(model, system, options));
    const inputs = tasks.map(({ n, script }, index) => input({ n, script }, how(all[index] as Options)));
    const started = system.dispatcher.run<unknown, number>("default", inputs);
    const results = started.results();
    results.catch(() => {});
    system.runs.push({ run: started, results, tasks });
    model.runs += 1;
  });

const cancel = (which: number) =>
  command(
    `cancel run ${which}`,
    async (model, system) => {
      const { run, tasks } = system.runs[which % model.runs] as System["runs"][number];
      for (const task of tasks) task.isCancelled = true;
      run.cancel();
    },
    ({ runs }) => runs > 0,
  );

/** One of the workers that are alive, taken out of their list. */
const taken = (which: number, hosts: Host[]): Host => hosts.splice(which % hosts.length, 1)[0] as Host;

const start = command(
  "start a worker",
  async (model, system) => {
    await system.start();
    model.alive += 1;
  },
  ({ alive, frozen }) => alive + frozen < MOST_WORKERS,
);

const onWorker = (name: string, which: number, run: (model: Model, system: System, host: Host) => Promise<unknown>) =>
  command(
    `${name} worker ${which}`,
    async (model, system) => {
      model.alive -= 1;
      await run(model, system, taken(which, system.alive));
    },
    ({ alive }) => alive > 0,
  );

/** An orderly end of its process: its backend is closed, too. */
const stop = (which: number) =>
  onWorker("stop", which, async (model, { world }, { worker, session }) => {
    await world.time.wait(worker.stop(), "it stops");
    await world.time.wait(session.close(), "its session is closed");
    if (world.profile.pollMs > 0 && world.profile.redelivery !== "losses") model.stray();
  });

const kill = (which: number) =>
  onWorker("kill", which, async (model, system, { worker }) => {
    worker.crash();
    system.killed.add(worker.id);
    model.fault(system.world.clock.now(), noticedMs(system));
  });

const freeze = (which: number) =>
  onWorker("freeze", which, async (model, system, host) => {
    host.worker.process.freeze();
    system.frozen.push(host);
    model.frozen += 1;
    model.fault(system.world.clock.now(), noticedMs(system));
  });

const thaw = (which: number) =>
  command(
    `thaw worker ${which}`,
    async (model, system) => {
      const host = taken(which, system.frozen);
      host.worker.process.thaw();
      system.alive.push(host);
      model.frozen -= 1;
      model.alive += 1;
      model.fault(system.world.clock.now(), noticedMs(system));
    },
    ({ frozen }) => frozen > 0,
  );

const cut = (which: number) =>
  command(
    `cut the session of worker ${which}`,
    async (model, system) => {
      (system.alive[which % system.alive.length] as Host).session.cut();
      model.fault(system.world.clock.now(), noticedMs(system));
    },
    ({ alive }) => alive > 0,
  );

const restart = command("restart the broker", async (model, system) => {
  system.broker.restart();
  model.fault(system.world.clock.now(), noticedMs(system));
});

const pass = (ms: number) => command(`pass ${ms} ms`, (_, { world }) => world.time.pass(ms));

/** An admin's command may find the broker just restarted, and says so; nothing else. */
const admins = (name: string, run: (system: System) => Promise<unknown>) =>
  command(name, async (_, system) => {
    const done = run(system).catch((error: unknown) => {
      if (!(error instanceof DispatchError) || error.code !== "UNAVAILABLE") throw error;
    });
    await system.world.time.wait(done, `the admin can ${name}`);
  });

const list = admins("list the dead letters", async ({ admin }) => {
  for await (const letter of admin.dead.list()) saysWhy(letter);
});

const redrive = admins("redrive the dead letters", ({ admin }) => admin.dead.redrive({ all: true }));

const purge = admins("purge the dead letters", ({ admin }) => admin.dead.purge());

function said({ script, priority, delayMs, deadlineMs, id, key }: Options): string {
  return JSON.stringify({ script, priority, delayMs, deadlineMs, id, key });
}

const options: fc.Arbitrary<Options> = fc.record({
  script: fc.constantFrom(...scripts, "ok", "ok", "ok", "fails once"),
  priority: fc.integer({ min: 0, max: 10 }),
  delayMs: fc.constantFrom(0, 0, 0, 0, 100, 1_500, 12_000),
  deadlineMs: fc.constantFrom(undefined, undefined, undefined, undefined, 0, 800, 60_000),
  id: fc.constantFrom(undefined, undefined, undefined, undefined, "a", "b"),
  key: fc.constantFrom(undefined, undefined, "k"),
});
const which = fc.nat(2);

const kinds = [
  options.map(send),
  fc.array(options, { minLength: 1, maxLength: 6 }).map(run),
  fc.nat(4).map(cancel),
  fc.constant(start),
  fc.constant(start),
  which.map(stop),
  which.map(kill),
  which.map(freeze),
  which.map(thaw),
  which.map(cut),
  fc.constant(restart),
  fc.constantFrom(1, 30, 400, 3_000, 20_000).map(pass),
  fc.constantFrom(1, 30, 400, 3_000, 20_000).map(pass),
  fc.constant(list),
  fc.constant(redrive),
  fc.constant(purge),
];

/** Up to 50 of them. `replayPath`: of a run that is repeated. */
export const commands = (replayPath?: string) =>
  fc.commands<Model, System, false>(kinds, {
    maxCommands: 50,
    size: "max",
    ...(replayPath === undefined ? {} : { replayPath }),
  });
