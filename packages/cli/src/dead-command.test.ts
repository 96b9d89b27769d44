import { Dead, Dispatcher, defineTask, Worker } from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { expect, test } from "vitest";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { type DeadAction, deadOn } from "./dead-command.ts";
import { withAdmin } from "./queue-command.ts";

const OPTIONS = { backend: "memory", log: "text", create: true } as const;

/** A queue with three dead letters. */
async function filled() {
  const backend = memory();
  let broken = true;
  const task = defineTask({
    name: "mail",
    handler: (to: string) => {
      if (broken) throw new Dead(`no such\nbox: ${to}`);
      return `sent to ${to}`;
    },
  });
  const dispatcher = await Dispatcher.open(backend);
  const worker = await Worker.start(backend, task);
  const run = dispatcher.run(task, ["a", "b", "c"]);
  const results = await run.results();
  expect(results.map((result) => result.outcome)).toEqual(["dead", "dead", "dead"]);
  const around = capturedSurroundings();
  let seen = 0;
  return {
    id: (index: number) => `${run.id}/${index}`,
    around,
    mend: () => {
      broken = false;
    },
    /** Runs a command; answers the exit code and what it printed. */
    async dead(action: DeadAction): Promise<[number, string]> {
      const code = await withAdmin(backend, OPTIONS, (admin) => deadOn(admin, action, around));
      const text = around.outText().slice(seen);
      seen += text.length;
      return [code, text];
    },
    async close() {
      await worker.stop();
      await dispatcher.close();
      await backend.close();
    },
  };
}

const LIST: DeadAction = { verb: "list", json: false };

test("list: a line each with id, task, reason, counters, time and message", async () => {
  const { dead, id, close } = await filled();
  const [code, text] = await dead(LIST);
  expect(code).toBe(0);
  const lines = text.trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines.sort()[0]).toMatch(
    / {2}mail {2}REJECTED {2}attempts 1 {2}lost 0 {2}\d{4}-\d\d-\d\dT\S+Z {2}no such box: a$/,
  );
  expect(lines.sort()[0]).toContain(id(0));
  const [, json] = await dead({ verb: "list", json: true });
  const letters = json
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { payload: string; reason: string });
  expect(letters.map((letter) => letter.payload).sort()).toEqual(["a", "b", "c"]);
  await close();
});

test("show: all of one, and exit 1 where there is none", async () => {
  const { dead, id, around, close } = await filled();
  const [code, text] = await dead({ verb: "show", id: id(1) });
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({
    id: id(1),
    task: "mail",
    reason: "REJECTED",
    attempts: 1,
    payload: "b",
    error: { message: "no such\nbox: b" },
  });
  expect(await dead({ verb: "show", id: "none/0" })).toEqual([1, ""]);
  expect(around.errText()).toBe('dispatch: MISSING: there is no dead letter "none/0"\n');
  await close();
});

test("redrive: by id, then all; what is sent again is gone from the list", async () => {
  const { dead, id, mend, around, close } = await filled();
  mend();
  expect(await dead({ verb: "redrive", ids: [id(0), id(0)], all: false })).toEqual([0, "1 dead letter sent again\n"]);
  expect((await dead(LIST))[1]).not.toContain(id(0));
  expect(await dead({ verb: "redrive", ids: [id(0), id(1)], all: false })).toEqual([1, "1 dead letter sent again\n"]);
  expect(around.errText()).toBe(
    "dispatch: MISSING: 1 of the 2 dead letters were not sent again: they are not there, or in other hands\n",
  );
  expect(await dead({ verb: "redrive", ids: [], all: true })).toEqual([0, "1 dead letter sent again\n"]);
  expect(await dead(LIST)).toEqual([0, ""]);
  await close();
});

test("purge: only once it is confirmed", async () => {
  const { dead, close } = await filled();
  await expect(dead({ verb: "purge", yes: false })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  expect(await dead({ verb: "purge", yes: true })).toEqual([0, "3 dead letters removed\n"]);
  expect(await dead(LIST)).toEqual([0, ""]);
  await close();
});
