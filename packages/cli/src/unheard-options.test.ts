import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@org/dispatch-core";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";

async function said(...argv: string[]): Promise<string> {
  const cwd = await temporaryFolder("dispatch-unheard");
  await writeFile(join(cwd, "same.mjs"), "export default (payload) => payload;\n");
  await writeFile(join(cwd, "shared.json"), '{ "maxAttempts": 2 }\n');
  const around = capturedSurroundings({ cwd, clock: systemClock(), stdin: "" });
  await main(["run", "--input", "-", ...argv], around);
  return around.errText();
}

const WARNING = "only a worker obeys; with --no-worker, give it to the workers";

test("what only a worker obeys is not dropped in silence where there is none", async () => {
  expect(await said("--no-worker", "--max-attempts", "2", "--concurrency", "3", "--lease", "2000")).toContain(
    `warn --concurrency and --max-attempts: ${WARNING}\n`,
  );
});

test.each([
  ["with a worker here", ["--handler", "same.mjs", "--max-attempts", "2"]],
  ["where only a file says it", ["--no-worker", "--config", "shared.json"]],
  ["where nobody wants to hear", ["--no-worker", "--max-attempts", "2", "--log", "off"]],
])("nothing is said %s", async (_, argv) => {
  expect(await said(...argv)).not.toContain(WARNING);
});
