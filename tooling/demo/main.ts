/**
 * `./dev demo observability [--hold]`. What there is to be seen goes to standard output. Ctrl-C, SIGTERM and SIGHUP end it, and all that it started. Exit codes: 0 it went
 * as it should · 1 it did not · 2 wrong usage · 130 SIGINT · 143 SIGTERM · 129 SIGHUP.
 */
import { heedSignals } from "../ending.ts";
import { asksUsage } from "../usage.ts";
import { demonstrate } from "./observability.ts";

const USAGE =
  "usage: ./dev demo observability [--hold]: breaks a system of its own and shows its alerts; --hold leaves it running";

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  if (asksUsage(argv)) {
    console.log(USAGE);
    return 0;
  }
  const [name, ...flags] = argv;
  if (name !== "observability" || flags.some((flag) => flag !== "--hold")) {
    console.error(`dev: ${USAGE}`);
    return 2;
  }
  const ending = heedSignals();
  // Where nobody reads on, it goes on to its end.
  process.stdout.on("error", () => {});
  try {
    const isWell = await demonstrate((line) => void process.stdout.write(`${line}\n`), ending.signal, {
      hold: flags.length > 0,
    });
    // Ctrl-C is how one that holds ends.
    return isWell ? 0 : (ending.exitCode() ?? 1);
  } catch (error) {
    console.error(`dev: ${error instanceof Error ? error.message : String(error)}`);
    return ending.exitCode() ?? 1;
  }
}
