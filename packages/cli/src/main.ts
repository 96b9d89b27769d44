import { type Command, CommanderError } from "commander";
import { type Failure, failureOf, misuse } from "./failure.ts";
import { programOf } from "./program.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * The `dispatch` command. `argv` is what stands behind the command's name. Answers the exit code, and never throws: what goes wrong is one line on
 * standard error, `dispatch: CODE: sentence`.
 */
export async function main(argv: readonly string[], around: Surroundings): Promise<number> {
  let exitCode = 0;
  const program = programOf(around, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    const failure = error instanceof CommanderError ? failureOfUsage(error, program, argv) : failureOf(error);
    if (failure === undefined) return 0;
    around.stderr.write(`${failure.line}\n`);
    return failure.exitCode;
  }
}

/** Commander throws for a wrong usage, and also after it has printed a help or the version: then it is no failure. */
function failureOfUsage(error: CommanderError, program: Command, argv: readonly string[]): Failure | undefined {
  if (error.exitCode === 0) return undefined;
  const said = error.code === "commander.help" ? unheard(program, argv) : error.message;
  return failureOf(misuse(said.replace(/^error: /, "")));
}

/** Why commander has no more to say than its help. */
function unheard(program: Command, argv: readonly string[]): string {
  const [asked, what] = argv.slice(-2);
  if (asked === "help" && what !== undefined) return `unknown command '${what}'`;
  const group = program.commands.find((command) => command.name() === argv[0]);
  return `no command is given; see dispatch ${group === undefined ? "" : `${group.name()} `}--help`;
}
