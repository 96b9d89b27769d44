/** The commands: up, down, status, restart, kill. Each may run at the same time as any other, in this process or another. */
import { setTimeout as sleep } from "node:timers/promises";
import { givenLine, givenUrl, variableOf } from "./given.ts";
import { type ServiceLine, writeConfig } from "./line.ts";
import { withLock } from "./lock.ts";
import { folderOf, type Instance, type Record, readRecord, readRecords, siteOf } from "./records.ts";
import { isRunning, pidsOf, removeServers, startAgain, startAnew, stopServers } from "./servers.ts";
import type { Form } from "./service.ts";
import { serviceOf, services } from "./services.ts";

/** Which instances of a service; what is absent, `up` takes the default of, and the others any. */
export interface Which {
  readonly version?: string | undefined;
  readonly form?: Form | undefined;
}

/** Answers the running server; starts it where there is none, and starts one that has ended by itself again, with its data. */
export async function up(name: string, { version, form = "single" }: Which = {}): Promise<ServiceLine> {
  const service = serviceOf(name);
  const url = givenUrl(name);
  if (url !== undefined) return givenLine(service, url);
  const instance: Instance = { service: name, version: version ?? service.defaultVersion, form };
  return locked(instance, async (record) => {
    if (record === undefined) return lineOf(await startAnew(service, instance));
    if (await isRunning(record)) return lineOf(record);
    await stopServers(record, "SIGTERM");
    return lineOf(await (record.kept ? startAgain(service, record) : startAnew(service, instance)));
  });
}

/** Ends instances; `name` `all`: those of all services. Answers with those that it ended. */
export async function down(name: string, which: Which = {}): Promise<readonly Instance[]> {
  const ended: Instance[] = [];
  for (const found of await select(name === "all" ? undefined : name, which))
    await locked(found, async (record) => {
      if (record === undefined) return;
      await removeServers(record);
      ended.push(found);
    });
  return ended;
}

export interface Status {
  readonly lines: readonly ServiceLine[];
  /** Instances of which something ended although nobody asked for it. */
  readonly ended: readonly Instance[];
}

/** What runs. */
export async function status(): Promise<Status> {
  const lines: ServiceLine[] = [];
  const ended: Instance[] = [];
  for (const service of services) {
    const url = givenUrl(service.name);
    if (url !== undefined) lines.push(await givenLine(service, url));
  }
  for (const record of await readRecords()) {
    if (await isRunning(record)) lines.push(await lineOf(record));
    else ended.push(record);
  }
  return { lines, ended };
}

export interface Restart {
  /** Orderly, which is the default, or not. */
  readonly signal?: "SIGTERM" | "SIGKILL";
  /** So long it stays away, in ms; default 0. */
  readonly awayMs?: number | undefined;
}

/** Stops instances and starts them again, in their place and with their data. Throws where there is none, and for one that was given by its URL. */
export async function restart(
  name: string,
  which: Which = {},
  { signal = "SIGTERM", awayMs = 0 }: Restart = {},
): Promise<ServiceLine[]> {
  const service = serviceOf(name);
  if (givenUrl(name) !== undefined)
    throw new Error(`${variableOf(name)} names a server that is not this command's to stop`);
  const lines: ServiceLine[] = [];
  for (const found of await select(name, which))
    await locked(found, async (record) => {
      if (record === undefined) return;
      await stopServers(record, signal);
      await sleep(awayMs);
      lines.push(await lineOf(await startAgain(service, record)));
    });
  if (lines.length === 0) throw new Error(`no such ${name} runs`);
  return lines;
}

async function select(name: string | undefined, { version, form }: Which): Promise<Record[]> {
  const records = await readRecords(name);
  return records.filter((record) => (version ?? record.version) === record.version && (form ?? record.form) === record.form); // biome-ignore format: one thought
}

/** `work` gets the record as it is once nobody else works on the instance. */
function locked<T>(instance: Instance, work: (record: Record | undefined) => Promise<T>): Promise<T> {
  return withLock(`${folderOf(instance)}.lock`, async () => work(await readRecord(instance)));
}

async function lineOf(record: Record): Promise<ServiceLine> {
  const { url, config, ca, admin } = serviceOf(record.service).reach(siteOf(record));
  const pids = await pidsOf(record);
  const [first] = pids;
  return {
    service: record.service,
    version: record.version,
    url,
    config: await writeConfig(`${folderOf(record)}/config.json`, config),
    pid: pids.length === 1 && first !== undefined ? first : pids,
    ...(ca !== undefined && { ca }),
    ...(admin !== undefined && { admin }),
  };
}
