/** `node seeds.ts FIRST STEP END`: runs every STEPth seed from FIRST to before END, and says of them what said.ts has. A process of its own. */
import { simulate } from "../../packages/testkit/dist/index.js";
import type { Said } from "./said.ts";

const [first = 0, step = 1, end = 0] = process.argv.slice(2).map(Number);

/** What nobody caught is a fault of the seed in which it happened. */
let uncaught: string | undefined;
process.on("unhandledRejection", (error) => {
  uncaught ??= `a rejection that nobody handled: ${error instanceof Error ? error.stack : error}`;
});

let [seeds, handlerRuns, virtualMs] = [0, 0, 0];
for (let seed = first; seed < end; seed += step) {
  uncaught = undefined;
  const simulation = await simulate({ seed });
  const violation = uncaught ?? simulation.violation?.message;
  if (violation !== undefined) say({ seed, broker: simulation.broker, violation, trace: simulation.trace });
  seeds += 1;
  handlerRuns += simulation.handlerRuns;
  virtualMs += simulation.tookMs;
}
say({ seeds, handlerRuns, virtualMs });

function say(line: Said): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
