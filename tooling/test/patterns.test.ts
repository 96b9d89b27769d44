import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { matchFiles } from "./patterns.ts";

test("a pattern is any part of a path, a package's name too; one that no file has is named", async () => {
  const folder = await temporaryFolder("patterns");
  const files = [
    ...["packages/backend-kafka/src/ledger.test.ts", "packages/core/src/pack.test.ts", "tooling/dev.test.ts"],
    ...["packages/core/src/pack.ts", "packages/core/node_modules/kafka/a.test.ts", "docs/kafka.test.ts"],
  ];
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), "");
  }
  expect(await matchFiles(["kafka", "src/pack"], folder)).toEqual({ files: [files[0], files[1]], unmatched: [] });
  expect(await matchFiles(["dev.test", "nothing"], folder)).toEqual({ files: [files[2]], unmatched: ["nothing"] });
});
