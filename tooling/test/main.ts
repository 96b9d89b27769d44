/**
 * What `./dev test` and `./dev check` run. `test [PATTERN…]`: without patterns every gate and every test, else only the tests of the files whose path
 * holds one of them. `--gates`: the gates alone. `--nodes`: many seeds of the simulation and the unit tests under the other Node versions as well, as CI
 * does; `--full`: that too, and all that takes long. What failed is named once more at the end; the last line is `N passed, N failed`; the exit code is 1
 * when anything failed.
 */
import { down } from "../services/lifecycle.ts";
import { instanceName, readRecords } from "../services/records.ts";
import { asksUsage, misuseLine } from "../usage.ts";
import { type Arguments, readArguments, usageOf } from "./arguments.ts";
import { build, gates, manySeeds, runGate } from "./gates.ts";
import { bringNode, checkNode, otherNodeMajors } from "./node-versions.ts";
import { matchFiles } from "./patterns.ts";
import { runSuite } from "./suite.ts";
import { closingLine, sum, type Tally } from "./tally.ts";

const { gates: gatesOnly, full, nodes, patterns } = given(process.argv.slice(2));
const { files, unmatched } = await matchFiles(patterns);
if (unmatched.length > 0) {
  console.error(`dev: no file of tests has ${unmatched.map((part) => `"${part}"`).join(" or ")} in its path`);
  process.exit(2);
}

/**
 * The unit tests: those beside the code of core and the command. Not the walk of the lease machine, a minute of pure computing, nor the suites of the
 * testkit, which run the same code on a virtual clock, nor the built binary, which `./dev` runs by the pinned Node in any case.
 */
const unitTests = [
  ...["--project=@org/dispatch-core", "--project=@org/dispatch-cli"],
  ...["--exclude=**/lease/walk/**", "--exclude=**/bin.test.ts"],
];

const total = sum(await runAll());
for (const failure of total.failures) console.log(`FAILED ${failure}`);
console.log(closingLine(total));
process.exitCode = total.failures.length === 0 ? 0 : 1;

async function runAll(): Promise<readonly Tally[]> {
  const tallies = [await runGate(build)];
  // Without a build, what the others would say is noise.
  if (sum(tallies).failures.length > 0) return tallies;
  // A build that held is no news to one who asked for some tests.
  if (patterns.length > 0) tallies.length = 0;
  else for (const gate of gates) tallies.push(await runGate(gate));
  if (gatesOnly) return tallies;
  if (full) process.env.DISPATCH_TEST_FULL = "1";
  tallies.push(await withServices(() => runTests("tests", process.execPath, [])));
  // Who asked for some tests wants neither.
  if (patterns.length > 0 || !(nodes || full)) return tallies;
  tallies.push(await runGate(manySeeds));
  for (const major of otherNodeMajors) tallies.push(await runUnitTests(major));
  return tallies;
}

/** Ends the services that the tests have started; those that ran before go on. */
async function withServices<T>(work: () => Promise<T>): Promise<T> {
  const before = new Set((await readRecords()).map(instanceName));
  try {
    return await work();
  } finally {
    for (const record of await readRecords()) if (!before.has(instanceName(record))) await down(record.service, record);
  }
}

function runTests(name: string, node: string, options: readonly string[]): Promise<Tally> {
  return runSuite({ name, node, args: [...options, ...files] });
}

/** The unit tests under another Node. One that cannot be had is a failure. */
async function runUnitTests(major: number): Promise<Tally> {
  console.log(`unit tests under Node ${major}`);
  try {
    const node = await bringNode(major);
    await checkNode(node, major);
    return await runTests(`tests-node-${major}`, node, unitTests);
  } catch (error) {
    const failure = `Node ${major}: ${error instanceof Error ? error.message : error}`;
    return { passed: 0, failures: [failure], skipped: 0 };
  }
}

function given(argv: readonly string[]): Arguments {
  if (asksUsage(argv)) {
    console.log(usageOf(argv));
    process.exit(0);
  }
  try {
    return readArguments(argv);
  } catch (error) {
    console.error(misuseLine(error));
    process.exit(2);
  }
}
