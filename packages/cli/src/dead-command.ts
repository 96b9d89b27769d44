import type { DeadLetter, QueueAdmin } from "@org/dispatch-core";
import { errorLine, misuse, oneLine } from "./failure.ts";
import { countText } from "./figures.ts";
import { administer, confirm } from "./queue-command.ts";
import type { Surroundings } from "./surroundings.ts";
import type { CommonOptions } from "./work-options.ts";

/** What `dispatch dead` is to do, parsed. */
export type DeadAction =
  | { readonly verb: "list"; readonly json: boolean }
  | { readonly verb: "show"; readonly id: string }
  | { readonly verb: "redrive"; readonly ids: readonly string[]; readonly all: boolean }
  | { readonly verb: "purge"; readonly yes: boolean };

/** `dispatch dead`: the dead letters of a queue. Answers the exit code. */
export async function deadCommand(action: DeadAction, options: CommonOptions, around: Surroundings): Promise<number> {
  checkDeadAction(action);
  return administer("dead", options, around, (admin) => deadOn(admin, action, around));
}

/** The same on an admin that is the caller's. Exit code 1 where a named dead letter is not there. */
export async function deadOn(
  admin: QueueAdmin,
  action: DeadAction,
  around: Pick<Surroundings, "stdout" | "stderr">,
): Promise<number> {
  checkDeadAction(action);
  switch (action.verb) {
    case "list":
      for await (const letter of admin.dead.list())
        around.stdout.write(`${action.json ? JSON.stringify(letter) : letterLine(letter)}\n`);
      return 0;
    case "show": {
      const letter = await admin.dead.show(action.id);
      if (letter === undefined) return missing(around, `there is no dead letter "${action.id}"`);
      around.stdout.write(`${JSON.stringify(letter, null, 2)}\n`);
      return 0;
    }
    case "redrive":
      return redrive(admin, action, around);
    case "purge":
      around.stdout.write(`${lettersText(await admin.dead.purge())} removed\n`);
      return 0;
  }
}

function checkDeadAction(action: DeadAction): void {
  if (action.verb === "purge") confirm(action.yes, "dead purge");
  if (action.verb === "redrive" && action.all === action.ids.length > 0)
    throw misuse("dead redrive takes either --id ID (as often as needed) or --all");
}

async function redrive(
  admin: QueueAdmin,
  action: Extract<DeadAction, { verb: "redrive" }>,
  around: Pick<Surroundings, "stdout" | "stderr">,
): Promise<number> {
  const wanted = new Set(action.ids).size;
  const count = await admin.dead.redrive(action.all ? { all: true } : { ids: [...new Set(action.ids)] });
  around.stdout.write(`${lettersText(count)} sent again\n`);
  if (action.all || count >= wanted) return 0;
  return missing(
    around,
    `${wanted - count} of the ${wanted} dead letters were not sent again: they are not there, or in other hands`,
  );
}

/** For people: id, task, reason, counters, when it died, and its message. */
function letterLine(letter: DeadLetter): string {
  const { id, task, ref, reason, error, attempts, lost, diedAt } = letter;
  const name = ref === undefined ? id : `${id} (${ref})`;
  const when = new Date(diedAt).toISOString();
  const columns = [name, task, reason, `attempts ${attempts}`, `lost ${lost}`, when, error.message];
  return columns.map(oneLine).join("  ");
}

function lettersText(count: number): string {
  return `${countText(count)} dead ${count === 1 ? "letter" : "letters"}`;
}

function missing(around: Pick<Surroundings, "stderr">, message: string): 1 {
  around.stderr.write(`${errorLine("MISSING", message)}\n`);
  return 1;
}
