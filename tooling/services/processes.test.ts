import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import {
  followPidFile,
  isAlive,
  killProcess,
  parseStartTicks,
  startProcess,
  startTicksOf,
  stopProcess,
} from "./processes.ts";
import { untilAnswers } from "./readiness.ts";
import type { ServerProcess } from "./service.ts";

let folder: string;
const started: ServerProcess[] = [];
beforeEach(async () => {
  folder = await temporaryFolder("processes");
});
afterEach(async () => {
  for (const each of started.splice(0)) await killProcess(each);
});

async function start(script: string): Promise<ServerProcess> {
  const process = await startProcess({ name: "server", argv: ["/bin/sh", "-c", script] }, folder);
  started.push(process);
  return process;
}

test("reads the start time of a name with spaces and brackets, and none of what has ended", () => {
  const rest = Array.from({ length: 18 }, (_, index) => index + 4).join(" ");
  expect(parseStartTicks(`7 (a) b (c) S ${rest} 4711 0`)).toBe("4711");
  expect(parseStartTicks(`7 (a) Z ${rest} 4711 0`)).toBeUndefined();
  expect(startTicksOf(process.pid)).toMatch(/^\d+$/);
});

test("a process that got the id of another is neither taken for it nor stopped", async () => {
  const server = await start("exec sleep 60");
  const other = { ...server, startTicks: "1" };
  expect([isAlive(server), isAlive(other)]).toEqual([true, false]);
  await stopProcess(other);
  await killProcess(other);
  expect(isAlive(server)).toBe(true);
});

test("stops a process, and its words are in the log", async () => {
  const server = await start(
    'echo one; echo two >&2; trap "echo bye; exit" TERM; touch ready; while :; do sleep 0.01; done',
  );
  await untilAnswers(server, folder, async () => (await readFile(`${folder}/ready`)).length === 0);
  await stopProcess(server);
  expect(isAlive(server)).toBe(false);
  expect(await readFile(`${folder}/log`, "utf8")).toBe("one\ntwo\nbye\n");
});

test("a program that is not there", async () => {
  await expect(startProcess({ name: "none", argv: [`${folder}/none`] }, folder)).rejects.toThrow("ENOENT");
});

test("a server that ends before it answers: at once, with its last words", async () => {
  const server = await start("echo the port is taken");
  await expect(untilAnswers(server, folder, async () => false)).rejects.toThrow(
    /server has ended[\s\S]*the port is taken/,
  );
});

test("follows a file to the process behind", async () => {
  const server = await start("sleep 60 & echo $! > pid; wait");
  const behind = await followPidFile(server, `${folder}/pid`);
  started.push(behind);
  expect(behind.pid).not.toBe(server.pid);
  expect(isAlive(behind)).toBe(true);
  const silent = await start("true");
  await writeFile(`${folder}/empty`, "");
  await expect(followPidFile(silent, `${folder}/empty`)).rejects.toThrow("no process id");
});
