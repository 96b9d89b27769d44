import { evaluateSuite } from "./evaluation.ts";
import { ProgressLine } from "./progress-line.ts";
import { reportOf } from "./report.ts";

/**
 * The main job: progress on standard error, the summary on standard output. Exit codes: 0 every task completed · 1 some did not, or the job failed ·
 * 2 wrong usage · 130 second SIGINT · 143 second SIGTERM.
 */
const USAGE =
  "usage: npm start (or ./dev start, or node src/main.ts): evaluates both parsers on the whole suite; takes no arguments";
const [word] = process.argv.slice(2);
if (word === "--help" || word === "-h") {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
} else if (word !== undefined) {
  process.stderr.write(`evaluate: unknown argument ${word}; ${USAGE}\n`);
  process.exit(2);
}

const stop = new AbortController();
stopAt("SIGINT", 130);
stopAt("SIGTERM", 143);
// A reader that left (`npm start | head -3`) misses the rest of the text; the job goes on and its exit code holds.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

try {
  const evaluation = await evaluateSuite({ signal: stop.signal, progress: new ProgressLine(process.stderr) });
  process.stdout.write(reportOf(evaluation));
  process.exitCode = evaluation.complete ? 0 : 1;
} catch (error) {
  process.stderr.write(`evaluate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** The first signal ends the job early, with a summary of what is done; a second one ends the process at once. */
function stopAt(name: NodeJS.Signals, exitCode: number): void {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(exitCode);
    // On a terminal the progress line stands there without its end.
    process.stderr.write(`${process.stderr.isTTY ? "\n" : ""}evaluate: ${name}: stopping; once more ends at once\n`);
    stop.abort();
  });
}
