/**
 * What `./dev test` and `./dev check` run. `test [PATTERN…]`: without patterns every gate and every test, else only the tests of the files whose path
 * holds one of them. `--gates`: the gates alone. `--nodes`: the unit tests under the other Node versions as well, as CI does; `--full`: that too, and
 * in time all that takes long. The last line is `N passed, N failed`; the exit code is 1 when anything failed.
 */
import { parseArgs } from "node:util";
import { runGates } from "./gates.ts";
import { bringNode, checkNode, otherNodeMajors } from "./node-versions.ts";
import { runSuite } from "./suite.ts";
import { closingLine, sum, type Tally } from "./tally.ts";

const { values, positionals } = readArguments();
const all = positionals.length === 0;
const tallies: Tally[] = [];

if (all) tallies.push(...(await runGates()));
if (!values.gates) tallies.push(await runSuite({ name: "tests", node: process.execPath, args: positionals }));
if (!values.gates && (values.nodes || values.full)) {
  for (const major of otherNodeMajors) tallies.push(await runUnitTests(major));
}

const total = sum(tallies);
console.log(closingLine(total));
process.exitCode = total.failed === 0 ? 0 : 1;

/** The tests beside the code of the packages, under another Node. One that cannot be had is a failure. */
async function runUnitTests(major: number): Promise<Tally> {
  console.log(`unit tests under Node ${major}`);
  try {
    const node = await bringNode(major);
    await checkNode(node, major);
    return await runSuite({ name: `tests-node-${major}`, node, args: ["--project=@org/dispatch-*", ...positionals] });
  } catch (error) {
    console.log(`FAILED Node ${major}: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { full: { type: "boolean" }, gates: { type: "boolean" }, nodes: { type: "boolean" } },
    });
  } catch (error) {
    console.error(`dev: ${error instanceof Error ? error.message : error}`);
    process.exit(2);
  }
}
