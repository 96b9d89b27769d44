/** The servers of one demonstration: its own, on free ports, so that it may break them; and what an earlier one may have left behind. */
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { down, up } from "../services/lifecycle.ts";
import type { ServiceLine } from "../services/line.ts";
import { home, instancesFolder } from "../services/places.ts";
import { isAlive, startTicksOf, stopProcess } from "../services/processes.ts";
import type { ServerProcess } from "../services/service.ts";

const SET = "demo-";
const PROCESSES = "processes.json";

/** From now on, this process's services are a set of their own. Ends what demonstrations left that were killed. */
export async function claimServices(): Promise<void> {
  for (const name of ["REDIS", "PROMETHEUS"]) delete process.env[`DISPATCH_TEST_${name}_URL`];
  for (const set of await readdir(home).catch(() => [])) {
    const pid = set.startsWith(SET) ? Number(set.slice(SET.length)) : Number.NaN;
    if (!Number.isInteger(pid) || startTicksOf(pid) !== undefined) continue;
    process.env.DISPATCH_SERVICES_SET = set;
    await releaseServices();
  }
  process.env.DISPATCH_SERVICES_SET = `${SET}${process.pid}`;
}

/** Starts a service of the set, or brings it back with its data. */
export const startService = (name: "redis" | "prometheus"): Promise<ServiceLine> => up(name);

/** Ends the servers of the set and the processes that were noted, and forgets both. */
export async function releaseServices(): Promise<void> {
  for (const noted of await readNoted()) if (isAlive(noted)) await stopProcess(noted);
  await down("all");
  await rm(instancesFolder(), { recursive: true, force: true });
}

/** Writes down a process, so that it is found should this one be killed. */
export async function noteProcess(name: string, pid: number): Promise<void> {
  const noted = [...(await readNoted()), { name, pid, startTicks: startTicksOf(pid) ?? "ended", aside: false }];
  await writeWhole(`${instancesFolder()}/${PROCESSES}`, JSON.stringify(noted));
}

/** A reader sees all of it or what was there before. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

async function readNoted(): Promise<ServerProcess[]> {
  return JSON.parse(await readFile(`${instancesFolder()}/${PROCESSES}`, "utf8").catch(() => "[]")) as ServerProcess[];
}
