/** Instances as containers: the single forms that compose.yaml has, each in a project of its own. */
import { createHash } from "node:crypto";
import { run } from "../command.ts";
import { folderOf, instanceName, type Record } from "./records.ts";

const ANSWER_MS = 5_000;

/** Is there an engine, and Compose? */
export async function isDockerThere(): Promise<boolean> {
  for (const argv of [
    ["docker", "compose", "version"],
    ["docker", "info", "--format", "{{.ServerVersion}}"],
  ])
    if ((await run(argv, { timeoutMs: ANSWER_MS })).code !== 0) return false;
  return true;
}

/** Starts the container, the same one again if there is one. What runs in it may not answer yet. */
export async function startContainer(record: Record): Promise<void> {
  await compose(record, "up", "--detach", "--no-recreate", "--wait", instanceName(record));
}

/** Ends the container's program; the container stays, with its data. */
export async function stopContainer(record: Record, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  const words = signal === "SIGKILL" ? ["kill", "--signal", signal] : ["stop"];
  await compose(record, ...words, instanceName(record));
}

export async function removeContainer(record: Record): Promise<void> {
  await compose(record, "down", "--volumes");
}

export async function isContainerRunning(record: Record): Promise<boolean> {
  return (await compose(record, "ps", "--quiet", "--status", "running", instanceName(record))).trim() !== "";
}

/** The process id of its program, as the engine's machine counts. */
export async function containerPid(record: Record): Promise<number> {
  const id = (await compose(record, "ps", "--quiet", instanceName(record))).trim();
  return Number((await must(["docker", "inspect", "--format", "{{.State.Pid}}", id])).trim());
}

function compose(record: Record, ...words: readonly string[]): Promise<string> {
  // Another clone of this repository has projects of its own.
  const project = `dispatch-${createHash("sha256").update(folderOf(record)).digest("hex").slice(0, 12)}`;
  const argv = ["docker", "compose", "--project-name", project, "--file", `${import.meta.dirname}/compose.yaml`];
  return must(
    [...argv, ...words],
    Object.fromEntries(record.ports.map((port, index) => [`PORT_${index}`, String(port)])),
  );
}

async function must(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout, output } = await run(argv, { env });
  if (code !== 0) throw new Error(`${argv.join(" ")} failed: ${output.trim()}`);
  return stdout;
}
