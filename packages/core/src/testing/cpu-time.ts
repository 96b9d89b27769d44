// For tests only; not a part of the package.

/** CPU time that this thread has used so far, in ms: what work takes, however busy the machine is. Node 22 knows only that of the process. */
export function cpuMs(): number {
  const { user, system } =
    "threadCpuUsage" in process ? process.threadCpuUsage() : (process as NodeJS.Process).cpuUsage();
  return (user + system) / 1_000;
}
