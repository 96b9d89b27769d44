import { CommanderError } from "commander";
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
    const failure = error instanceof CommanderError ? failureOfUsage(error) : failureOf(error);
    if (failure === undefined) return 0;
    around.stderr.write(`${failure.line}\n`);
    return failure.exitCode;
  }
}

/** Commander throws for a wrong usage, and also after it has printed a help or the version: then it is no failure. */
function failureOfUsage(error: CommanderError): Failure | undefined {
  if (error.exitCode === 0) return undefined;
  const said = error.code === "commander.help" ? "no command is given; see dispatch --help" : error.message;
  return failureOf(misuse(said.replace(/^error: /, "")));
}
