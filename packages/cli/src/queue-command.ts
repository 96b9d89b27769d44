import { QueueAdmin, type QueueStatus } from "@org/dispatch-core";
import type { Backend, Observer } from "@org/dispatch-core/contract";
import { findBackend } from "./backends.ts";
import { misuse, reach } from "./failure.ts";
import { countText, tableText } from "./figures.ts";
import { logOf } from "./log.ts";
import { screenOn } from "./screen.ts";
import type { Surroundings } from "./surroundings.ts";
import { adapterOptions, type CommonOptions, queueAdminOptions, refuseLocal } from "./work-options.ts";

/** What `dispatch queue` is to do, parsed. */
export type QueueAction =
  | { readonly verb: "status"; readonly json: boolean }
  | { readonly verb: "purge"; readonly yes: boolean };

/** `dispatch queue`: what lies in a queue, or empties it. Answers the exit code. */
export async function queueCommand(action: QueueAction, options: CommonOptions, around: Surroundings): Promise<number> {
  checkQueueAction(action);
  return administer("queue", options, around, (admin) => queueOn(admin, action, around));
}

/** The same on an admin that is the caller's. Throws CONFIG_INVALID for a purge that nobody confirmed. */
export async function queueOn(
  admin: QueueAdmin,
  action: QueueAction,
  around: Pick<Surroundings, "stdout">,
): Promise<number> {
  checkQueueAction(action);
  if (action.verb === "purge") {
    const count = await admin.purge();
    const stays = admin.purgesDelayed ? "" : "; what is delayed stays, and comes when it is due";
    around.stdout.write(`${countText(count)} ${count === 1 ? "frame" : "frames"} removed${stays}\n`);
    return 0;
  }
  const status = await admin.status();
  around.stdout.write(action.json ? `${JSON.stringify(status)}\n` : statusText(status));
  return 0;
}

function checkQueueAction(action: QueueAction): void {
  if (action.verb === "purge") confirm(action.yes, "queue purge");
}

/** The status for people; `~` begins what the broker only estimates, `?` stands for what nobody can tell. */
export function statusText(status: QueueStatus): string {
  const rows = status.lanes.map(({ lane, exact, ...counts }) => {
    const cell = (count: number) => `${exact ? "" : "~"}${countText(count)}`;
    const told = (key: "leased" | "delayed") =>
      status.untold.includes(key) && counts[key] === 0 ? "?" : cell(counts[key]);
    return [lane, cell(counts.ready), told("leased"), told("delayed")];
  });
  const table = tableText([["lane", "ready", "leased", "delayed"], ...rows]);
  return `queue ${status.queue}, dead letters: ${countText(status.dead)}\n${table}counted in frames: each a task, or a pack of tasks\n`;
}

/** Opens the admin of a queue for the time of one command. Throws UNSUPPORTED on a backend of one process, `NeverReached` where nobody answers. */
export async function administer(
  command: string,
  options: CommonOptions,
  around: Surroundings,
  act: (admin: QueueAdmin) => Promise<number>,
): Promise<number> {
  const backend = await findBackend(options.backend, adapterOptions(options), around);
  try {
    refuseLocal(backend, command);
    const { observer } = logOf(options.log, screenOn(around.stderr), backend.name);
    return await withAdmin(backend, options, act, observer);
  } finally {
    await backend.close();
  }
}

/** The same on a backend that is the caller's, whatever its reach. */
export async function withAdmin(
  backend: Backend,
  options: CommonOptions,
  act: (admin: QueueAdmin) => Promise<number>,
  observer?: Observer,
): Promise<number> {
  const admin = await reach(QueueAdmin.open(backend, queueAdminOptions(options, backend, observer)));
  try {
    return await act(admin);
  } finally {
    await admin.close();
  }
}

/** Throws CONFIG_INVALID unless `--yes` was given. */
export function confirm(yes: boolean, command: string): void {
  if (!yes) throw misuse(`${command} removes tasks for good; confirm it with --yes`);
}
