import { Command } from "commander";
import {
  addCommonOptions,
  addRunOptions,
  addSettings,
  addWorkOptions,
  collectTexts,
  handlerOption,
} from "./command-options.ts";
import { type ConfigAction, configCommand } from "./config-command.ts";
import { type ConformanceCommandOptions, conformanceCommand, LEVELS } from "./conformance-command.ts";
import { type DeadAction, deadCommand } from "./dead-command.ts";
import { type ExplainCommandOptions, explainCommand } from "./explain-command.ts";
import { misuse } from "./failure.ts";
import { logOf } from "./log.ts";
import { oneOf, present } from "./options.ts";
import { type QueueAction, queueCommand } from "./queue-command.ts";
import { type RunCommandOptions, runCommand } from "./run-command.ts";
import { screenOn } from "./screen.ts";
import { type GivenOptions, settledOptions } from "./settled-options.ts";
import type { Surroundings } from "./surroundings.ts";
import { warnOfUnheard } from "./unheard-options.ts";
import type { CommonOptions } from "./work-options.ts";
import { type WorkerCommandOptions, workerCommand } from "./worker-command.ts";

/** The options of one command as commander names them, after their flags. What was not given is absent. */
interface Flags extends GivenOptions {
  readonly handler?: string;
  readonly input?: string;
  readonly lease?: number;
  readonly timeout?: number;
  readonly globalTimeout?: number;
  readonly delay?: number;
  readonly pack?: boolean;
}

/** Builds the command line. `ended` is told the exit code of the command that ran; what a command throws comes out of `parseAsync`. */
export function programOf(around: Surroundings, ended: (exitCode: number) => void): Command {
  const program = new Command("dispatch")
    .description("hands tasks to workers over a broker, and collects every result")
    .version(around.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => void around.stdout.write(text), writeErr: () => {}, outputError: () => {} });

  const run = async (flags: Flags) => {
    if (flags.input === undefined) throw misuse("run needs --input FILE (- is standard input)");
    const given = named(flags);
    const options = await settledOptions<GivenOptions, RunCommandOptions>(given, around);
    if (!options.worker) warnOfUnheard(given, logOf(options.log, screenOn(around.stderr)).logger);
    ended(await runCommand(options, around));
  };
  const worker = async (flags: Flags) => {
    if (flags.handler === undefined) throw misuse("worker needs --handler FILE");
    ended(await workerCommand(await settledOptions<GivenOptions, WorkerCommandOptions>(named(flags), around), around));
  };
  const queue = async (action: QueueAction, flags: Flags) =>
    ended(await queueCommand(action, await settledOptions<GivenOptions, CommonOptions>(flags, around), around));
  const dead = async (action: DeadAction, flags: Flags) =>
    ended(await deadCommand(action, await settledOptions<GivenOptions, CommonOptions>(flags, around), around));
  const explain = async (flags: Flags & { json: boolean; connect: boolean }) =>
    ended(
      await explainCommand(await settledOptions<GivenOptions, ExplainCommandOptions>(named(flags), around), around),
    );
  const config = async (action: ConfigAction, flags: Flags) => ended(await configCommand(action, named(flags), around));

  addRunOptions(program.command("run").description("fan the input out and collect every result")).action(run);
  addWorkOptions(program.command("worker").description("a worker of its own, until SIGTERM or SIGINT"))
    .addOption(handlerOption())
    .action(worker);
  addQueueCommands(program.command("queue").description("look into a queue, or empty it"), queue);
  addDeadCommands(program.command("dead").description("the dead letters of a queue"), dead);
  addWorkOptions(program.command("explain").description("the plan for a backend and a configuration"))
    .option("--json", "one JSON line", false)
    .option("--connect", "ask the broker, too: what is doubtful about how it is set up", false)
    .action(explain);
  addConformanceOptions(
    program.command("conformance <MODULE>").description("the conformance suite on a backend of your own"),
  ).action(async (module: string, flags: ConformanceFlags) =>
    ended(await conformanceCommand({ module, levels: flags.level, out: flags.out }, around)),
  );
  addConfigCommands(program.command("config").description("look at a configuration file"), config);
  return program;
}

interface ConformanceFlags {
  readonly level: ConformanceCommandOptions["levels"];
  readonly out: string;
}

function addConformanceOptions(command: Command): Command {
  const level = oneOf("--level", LEVELS);
  const add = (text: string, before: ConformanceFlags["level"] = []) => [...before, level(text)];
  return command
    .option("--level <LEVEL>", `one of ${LEVELS.join(", ")}; several times for several (default: seam and system)`, add)
    .option("--out <FILE>", "where the report goes, as JSON; an earlier report is overwritten", "conformance.json");
}

type Act<A> = (action: A, flags: Flags) => Promise<void>;

function addQueueCommands(queue: Command, act: Act<QueueAction>): void {
  addCommonOptions(queue.command("status").description("what is ready, leased, delayed and dead"))
    .option("--json", "one JSON line", false)
    .action((flags: Flags & { json: boolean }) => act({ verb: "status", json: flags.json }, flags));
  addCommonOptions(
    queue.command("purge").description("remove every task that is ready, and where the broker can, what is delayed"),
  )
    .option("--yes", "really", false)
    .action((flags: Flags & { yes: boolean }) => act({ verb: "purge", yes: flags.yes }, flags));
}

function addDeadCommands(dead: Command, act: Act<DeadAction>): void {
  addCommonOptions(dead.command("list").description("one line each, with the reason"))
    .option("--json", "JSON lines", false)
    .action((flags: Flags & { json: boolean }) => act({ verb: "list", json: flags.json }, flags));
  addCommonOptions(dead.command("show <ID>").description("all of one, as JSON")).action((id: string, flags: Flags) =>
    act({ verb: "show", id }, flags),
  );
  addCommonOptions(dead.command("redrive").description("send them again, as the next round"))
    .option("--id <ID>", "this one (several times for several)", collectTexts, [])
    .option("--all", "all of them", false)
    .action(({ id, all, ...flags }: Flags & { id: readonly string[]; all: boolean }) =>
      act({ verb: "redrive", ids: id, all }, flags),
    );
  addCommonOptions(dead.command("purge").description("remove all of them"))
    .option("--yes", "really", false)
    .action((flags: Flags & { yes: boolean }) => act({ verb: "purge", yes: flags.yes }, flags));
}

function addConfigCommands(config: Command, act: Act<ConfigAction>): void {
  addSettings(config.command("check <FILE>").description("every problem at once, a line each")).action(
    (file: string, flags: Flags) => act({ verb: "check", file }, flags),
  );
  addSettings(config.command("print <FILE>").description("what is in force, and where each value comes from"))
    .option("--json", "one JSON line", false)
    .action((file: string, flags: Flags & { json: boolean }) => act({ verb: "print", file, json: flags.json }, flags));
}

/** The same options under the names that core uses, with their unit. */
function named(flags: Flags): GivenOptions {
  const { lease, timeout, globalTimeout, delay, pack, ...rest } = flags;
  return {
    ...rest,
    ...present({ leaseMs: lease, timeoutMs: timeout, globalTimeoutMs: globalTimeout, delayMs: delay, packs: pack }),
  };
}
