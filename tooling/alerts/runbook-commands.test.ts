/** Every `dispatch` command of the runbook is typed, on a real Redis: none is refused as wrong usage, and what should work does. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { ServiceLine } from "../services/line.ts";
import { needService } from "../services/need-service.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { root } from "../tree.ts";
import { commandsIn, readIndex, readRunbooks, wordsOf } from "./runbooks.ts";

const BIN = `${root}/packages/cli/dist/bin.js`;

const texts = [await readIndex(), ...(await readRunbooks()).map(({ text }) => text)];
const commands = [...new Set(texts.flatMap(commandsIn).filter((line) => line.startsWith("dispatch ")))].sort();

let redis: ServiceLine | undefined;
let folder = "";
beforeAll(async () => {
  redis = await needService("redis");
  folder = await temporaryFolder("runbook");
  const namespace = `runbook-${randomBytes(4).toString("hex")}`;
  await writeFile(
    `${folder}/dispatch.yaml`,
    `backend: redis\nurl: ${redis?.url}\nnamespace: ${namespace}\ncreate: true\n`,
  );
  await writeFile(`${folder}/handler.js`, "export default async (payload) => payload;\n");
  for (const name of ["input", "lost"]) await writeFile(`${folder}/${name}.jsonl`, "");
}, 300_000);

/** The exit code, and all that it said. A worker is told to stop as soon as it serves. */
async function type(words: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [BIN, ...words], { cwd: folder });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (/ serves .*; SIGTERM or SIGINT stops it/.test(text)) child.kill("SIGTERM");
    });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, said };
}

beforeEach(({ skip }) => skip(redis === undefined, "no Redis here"));

test("there are some, of each kind", () => {
  const kinds = new Set(commands.map((line) => wordsOf(line)[1]));
  expect([...kinds].sort()).toEqual(["config", "dead", "explain", "queue", "run", "worker"]);
});

test.concurrent.each(commands)(
  "%s",
  async (line) => {
    const [, ...words] = wordsOf(line).map((word) => (word === "0.0.0.0:9464" ? "127.0.0.1:0" : word));
    const { code, said } = await type(words);
    // There are no dead letters here: one that is asked for by its id is missing.
    expect([code, said]).toEqual([words.includes("RUN/INDEX") ? 1 : 0, expect.any(String)]);
  },
  60_000,
);
