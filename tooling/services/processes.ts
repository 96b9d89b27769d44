/** Servers as processes: started apart from this one, told from others that got their id later, stopped one by one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import type { Program, ServerProcess } from "./service.ts";
import { until } from "./waiting.ts";

const STOP_MS = 30_000;
const KILL_MS = 10_000;
const PID_FILE_MS = 60_000;

/** Starts a program whose folder is `folder`; its output is added to `folder/log`. Throws where it is not there. */
export async function startProcess(
  { name, argv, env = {}, aside = false }: Program,
  folder: string,
): Promise<ServerProcess> {
  await mkdir(folder, { recursive: true });
  // A pipe would keep whoever waits for this command's output waiting for the server's end.
  const log = await open(`${folder}/log`, "a");
  try {
    const [file = "", ...args] = argv;
    const child = spawn(file, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await once(child, "spawn");
    child.unref();
    return describe({ name, aside }, child.pid as number);
  } finally {
    await log.close();
  }
}

/** Waits for the process id that `server` writes into `file`: the server behind it. Throws where it ends without one. */
export async function followPidFile(server: ServerProcess, file: string): Promise<ServerProcess> {
  let pid = 0;
  const isThere = async () => {
    pid = Number.parseInt(await readFile(file, "utf8").catch(() => ""), 10) || 0;
    return pid !== 0 || !isAlive(server);
  };
  await until(isThere, PID_FILE_MS);
  if (pid === 0) throw new Error(`${server.name} wrote no process id`);
  return describe(server, pid);
}

function describe({ name, aside }: Pick<ServerProcess, "name" | "aside">, pid: number): ServerProcess {
  return { name, pid, startTicks: startTicksOf(pid) ?? "ended", aside };
}

/** True while it runs; a zombie does not. */
export function isAlive({ pid, startTicks }: Pick<ServerProcess, "pid" | "startTicks">): boolean {
  return startTicksOf(pid) === startTicks;
}

/** Ends a process by SIGTERM, and by SIGKILL where that is not enough, and waits until it has ended. One that has ended is no error. */
export async function stopProcess(server: ServerProcess): Promise<void> {
  signal(server, "SIGTERM");
  if (await until(() => !isAlive(server), STOP_MS)) return;
  await killProcess(server);
}

/** Ends a process by SIGKILL, and waits until it has ended. */
export async function killProcess(server: ServerProcess): Promise<void> {
  signal(server, "SIGKILL");
  if (!(await until(() => !isAlive(server), KILL_MS))) throw new Error(`process ${server.pid} does not end`);
}

function signal(server: ServerProcess, name: NodeJS.Signals): void {
  if (!isAlive(server)) return;
  try {
    process.kill(server.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The start time from /proc; `undefined` for a process that has ended, also where nobody has fetched its end yet. */
export function startTicksOf(pid: number): string | undefined {
  try {
    return parseStartTicks(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** Reads a line of /proc/PID/stat. The program's name, in brackets, may hold spaces and brackets itself. */
export function parseStartTicks(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // The state is field 3, the start time field 22.
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}
