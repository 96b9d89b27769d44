import { Command } from "commander";
import { addCommonOptions, addRunOptions, addWorkOptions, collectTexts } from "./command-options.ts";
import { deadCommand } from "./dead-command.ts";
import { present } from "./options.ts";
import { queueCommand } from "./queue-command.ts";
import { type RunCommandOptions, runCommand } from "./run-command.ts";
import type { Surroundings } from "./surroundings.ts";
import type { CommonOptions, WorkOptions } from "./work-options.ts";
import { type WorkerCommandOptions, workerCommand } from "./worker-command.ts";

/** The options of one command as commander names them, after their flags. */
interface Flags {
  readonly lease?: number;
  readonly timeout?: number;
  readonly globalTimeout?: number;
  readonly delay?: number;
  readonly isolation?: string;
}

/** Builds the command line. `ended` is told the exit code of the command that ran; what a command throws comes out of `parseAsync`. */
export function programOf(around: Surroundings, ended: (exitCode: number) => void): Command {
  const program = new Command("dispatch")
    .description("hands tasks to workers over a broker, and collects every result")
    .version(around.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => void around.stdout.write(text), writeErr: () => {}, outputError: () => {} });

  addRunOptions(program.command("run").description("fan the input out and collect every result")).action(
    async (flags: Flags & RunCommandOptions) => ended(await runCommand(named(flags), around)),
  );

  addWorkOptions(program.command("worker").description("a worker of its own, until SIGTERM or SIGINT"))
    .requiredOption("--handler <FILE>", "the module with the handlers, JavaScript or TypeScript")
    .action(async (flags: Flags & WorkerCommandOptions) => ended(await workerCommand(named(flags), around)));

  const queue = program.command("queue").description("look into a queue, or empty it");
  addCommonOptions(queue.command("status").description("what is ready, leased, delayed and dead"))
    .option("--json", "one JSON line", false)
    .action(async (flags: CommonOptions & { json: boolean }) =>
      ended(await queueCommand({ verb: "status", json: flags.json }, flags, around)),
    );
  addCommonOptions(queue.command("purge").description("remove every task that waits"))
    .option("--yes", "really", false)
    .action(async (flags: CommonOptions & { yes: boolean }) =>
      ended(await queueCommand({ verb: "purge", yes: flags.yes }, flags, around)),
    );

  const dead = program.command("dead").description("the dead letters of a queue");
  addCommonOptions(dead.command("list").description("one line each, with the reason"))
    .option("--json", "JSON lines", false)
    .action(async (flags: CommonOptions & { json: boolean }) =>
      ended(await deadCommand({ verb: "list", json: flags.json }, flags, around)),
    );
  addCommonOptions(dead.command("show <ID>").description("all of one, as JSON")).action(
    async (id: string, flags: CommonOptions) => ended(await deadCommand({ verb: "show", id }, flags, around)),
  );
  addCommonOptions(dead.command("redrive").description("send them again, as the next round"))
    .option("--id <ID>", "this one (several times for several)", collectTexts, [])
    .option("--all", "all of them", false)
    .action(async (flags: CommonOptions & { id: readonly string[]; all: boolean }) =>
      ended(await deadCommand({ verb: "redrive", ids: flags.id, all: flags.all }, flags, around)),
    );
  addCommonOptions(dead.command("purge").description("remove all of them"))
    .option("--yes", "really", false)
    .action(async (flags: CommonOptions & { yes: boolean }) =>
      ended(await deadCommand({ verb: "purge", yes: flags.yes }, flags, around)),
    );
  return program;
}

/** The same options under the names that core uses, with their unit. */
function named<T extends WorkOptions>(flags: Flags & T): T {
  const { lease, timeout, globalTimeout, delay, isolation: _, ...rest } = flags;
  const times = present({ leaseMs: lease, timeoutMs: timeout, globalTimeoutMs: globalTimeout, delayMs: delay });
  return { ...rest, ...times } as unknown as T;
}
