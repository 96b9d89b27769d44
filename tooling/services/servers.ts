/** Starts and ends what a record names, by processes or by Docker. */
import { rm } from "node:fs/promises";
import {
  containerPid,
  isContainerRunning,
  isDockerThere,
  removeContainer,
  startContainer,
  stopContainer,
} from "./docker.ts";
import { freePorts } from "./ports.ts";
import { followPidFile, isAlive, killProcess, startProcess, stopProcess } from "./processes.ts";
import { untilReady } from "./readiness.ts";
import { folderOf, type Instance, type Record, removeRecord, siteOf, writeRecord } from "./records.ts";
import type { Launch, ServerProcess, Service } from "./service.ts";

/** A new instance, without any data of an earlier one. Throws when it does not start; then nothing of it runs. */
export async function startAnew(service: Service, instance: Instance): Promise<Record> {
  const byDocker = instance.form === "single" && service.inDocker && (await isDockerThere());
  if (!byDocker) await service.install(instance.version);
  await rm(folderOf(instance), { recursive: true, force: true });
  const ports = await freePorts(service.portCount(instance.form));
  return start(service, {
    ...instance,
    ports,
    by: byDocker ? "docker" : "processes",
    kept: false,
    starting: true,
    processes: [],
  });
}

/** Starts a stopped instance where it was, with its data. */
export async function startAgain(service: Service, record: Record): Promise<Record> {
  return start(service, { ...record, starting: true, processes: [] });
}

/** Ends all of its servers at once, those that the others need last. */
export async function stopServers(record: Record, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (record.by === "docker") return stopContainer(record, signal);
  const stop = signal === "SIGKILL" ? killProcess : stopProcess;
  for (const aside of [false, true])
    await Promise.all(record.processes.filter((each) => each.aside === aside).map(stop));
}

/** Ends the instance for good. Its logs stay until it is started anew. */
export async function removeServers(record: Record): Promise<void> {
  if (record.by === "docker") await removeContainer(record);
  else await stopServers(record, "SIGTERM");
  await removeRecord(record);
}

/** True while every server of it runs. */
export async function isRunning(record: Record): Promise<boolean> {
  if (record.starting) return false;
  if (record.by === "docker") return isContainerRunning(record);
  return record.processes.length > 0 && record.processes.every(isAlive);
}

/** The process ids of its servers, by their names: in the order of the URLs. */
export async function pidsOf(record: Record): Promise<number[]> {
  if (record.by === "docker") return [await containerPid(record)];
  const servers = record.processes.filter(({ aside }) => !aside);
  return servers.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ pid }) => pid);
}

async function start(service: Service, record: Record): Promise<Record> {
  await writeRecord(record);
  let current = record;
  let written: Promise<unknown> = Promise.resolve();
  // A cluster's servers start side by side, and share the file.
  const add = (process: ServerProcess, instead?: ServerProcess): Promise<unknown> => {
    current = { ...current, processes: [...current.processes.filter((each) => each !== instead), process] };
    const record = current;
    written = written.then(() => writeRecord(record));
    return written;
  };
  const launch: Launch = async (program) => {
    if (program.pidFile !== undefined) await rm(program.pidFile, { force: true });
    const process = await startProcess(program, `${folderOf(record)}/${program.name}`);
    await add(process);
    if (program.pidFile === undefined) return process;
    const behind = await followPidFile(process, program.pidFile);
    await add(behind, process);
    return behind;
  };
  try {
    if (record.by === "processes") await service.start(siteOf(record), launch);
    else {
      await startContainer(record);
      const { url } = service.reach(siteOf(record));
      await untilReady(`${record.service} in its container`, async () => (await service.release(url)) !== "");
    }
  } catch (error) {
    await stopServers(current, "SIGKILL").catch(() => undefined);
    if (!record.kept) await removeRecord(record);
    throw error;
  }
  current = { ...current, kept: true, starting: false };
  await writeRecord(current);
  return current;
}
