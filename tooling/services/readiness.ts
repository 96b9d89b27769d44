/** Waiting until a server that was just started can be used. */
import { readFile } from "node:fs/promises";
import { isAlive } from "./processes.ts";
import type { ServerProcess } from "./service.ts";
import { until } from "./waiting.ts";

/** Long enough for a slow start on a busy machine. */
const READY_MS = 90_000;
const SHOWN_LINES = 8;

/** Waits until `ask` says yes; what it throws means not yet. Throws, with the last words of the log in `folder`, where the server ends before. */
export async function untilAnswers(server: ServerProcess, folder: string, ask: () => Promise<boolean>): Promise<void> {
  const isSettled = () => !isAlive(server);
  const complaint = await waitFor(ask, isSettled);
  if (complaint === undefined && isAlive(server)) return;
  const log = await readFile(`${folder}/log`, "utf8").catch(() => "");
  const words = log.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n");
  throw new Error(
    `${server.name} ${isAlive(server) ? `is not ready${complaint}` : "has ended"}; the end of ${folder}/log:\n${words}`,
  );
}

/** Waits until `ask` says yes; what it throws means not yet. */
export async function untilReady(what: string, ask: () => Promise<boolean>): Promise<void> {
  const complaint = await waitFor(ask, () => false);
  if (complaint !== undefined) throw new Error(`${what} not ready after ${READY_MS / 1_000} s${complaint}`);
}

/** `undefined` when `ask` said yes; else why it was given up. */
async function waitFor(ask: () => Promise<boolean>, isSettled: () => boolean): Promise<string | undefined> {
  let complaint: string | undefined = "";
  const isSo = async () => {
    try {
      complaint = (await ask()) ? undefined : "";
    } catch (error) {
      complaint = `: ${error instanceof Error ? error.message : error}`;
    }
    return complaint === undefined || isSettled();
  };
  await until(isSo, READY_MS);
  return complaint;
}
