import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Dispatcher, systemClock } from "@org/dispatch-core";
import { memory } from "@org/dispatch-core/memory";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";
import { workOn } from "./worker-command.ts";
import { wrappedBackend } from "./wrapped-backend.ts";

const OPTIONS = { backend: "memory", handler: "h.mjs", create: true, concurrency: 2 } as const;

async function surroundings() {
  const cwd = await temporaryFolder("dispatch-worker");
  await writeFile(
    join(cwd, "h.mjs"),
    `export default async (n, { log }) => { log.info({ n }, "seen"); return n + 1; };
     export const other = { name: "other", handler: async (n) => n * 10 };`,
  );
  return capturedSurroundings({ cwd, clock: systemClock() });
}

test("a worker serves all tasks of its file until the first signal, and exits with 0", async () => {
  const around = await surroundings();
  const backend = memory();
  const ended = workOn(backend, { ...OPTIONS, log: "text" }, around);
  const dispatcher = await Dispatcher.open(backend);
  const one = await dispatcher.run<number, number>("default", [1, 2, 3]).results();
  const other = await dispatcher.run<number, number>("other", [1, 2, 3]).results();
  expect(one.map((result) => result.value).sort()).toEqual([2, 3, 4]);
  expect(other.map((result) => result.value).sort()).toEqual([10, 20, 30]);
  around.raise("SIGTERM");
  expect(await ended).toBe(0);
  expect(around.exits).toEqual([]);
  expect(around.outText()).toBe("");
  expect(around.errText()).toMatch(/worker \S+ serves default, other; SIGTERM or SIGINT stops it\n/);
  expect(around.errText()).toMatch(/info seen [^\n]*n=1/);
  expect(around.errText()).toMatch(/\nworker \S+ has stopped: 6 tasks finished, 0 frames given back\n$/);
  await dispatcher.close();
  await backend.close();
});

test("--log json: worker_started and worker_stopped, as JSON lines", async () => {
  const around = await surroundings();
  const backend = memory();
  const ended = workOn(backend, { ...OPTIONS, log: "json" }, around);
  const dispatcher = await Dispatcher.open(backend);
  await dispatcher.run("default", [1]).results();
  around.raise("SIGINT");
  expect(await ended).toBe(0);
  const events = around
    .errText()
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { event?: string }).event);
  expect(events[0]).toBe("worker_started");
  expect(events.at(-1)).toBe("worker_stopped");
  await dispatcher.close();
  await backend.close();
});

test.each(["worker", "run"])("a signal while the adapter is imported ends %s in an orderly way", async (command) => {
  const around = await surroundings();
  const name = "@org/dispatch-backend-redis";
  const root = join(around.cwd, "node_modules", name);
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "package.json"), JSON.stringify({ name, main: "slow.mjs" }));
  await writeFile(join(root, "slow.mjs"), "globalThis.dispatchTestImported(); await new Promise(() => {});");
  const imported = new Promise<void>((resolve) => {
    Object.assign(globalThis, { dispatchTestImported: resolve });
  });
  const argv = [command, "--handler", "h.mjs", "--backend", "redis"];
  const ended = main(command === "run" ? [...argv, "--input", "-"] : argv, around);
  await imported;
  around.raise("SIGTERM");
  expect(await ended).toBe(command === "run" ? 1 : 0);
  expect(around.errText()).toBe(
    command === "run" ? "dispatch: SHUTTING_DOWN: stopped by SIGTERM before it began\n" : "",
  );
});

test("a broker that never answers: the first signal still ends it", async () => {
  const around = await surroundings();
  let asked: () => void = () => {};
  const open = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const backend = wrappedBackend(memory(), {
    open: () => {
      asked();
      return new Promise(() => {});
    },
  });
  const ended = workOn(backend, { ...OPTIONS, log: "text" }, around);
  await open;
  around.raise("SIGTERM");
  expect(await ended).toBe(0);
});

test("what a handler throws outside of any task is an orderly end with one error line, exit 1", async () => {
  const around = await surroundings();
  const backend = memory();
  const ended = workOn(backend, { ...OPTIONS, log: "text" }, around);
  const dispatcher = await Dispatcher.open(backend);
  await dispatcher.run("default", [1]).results();
  around.watch()?.rejected(new Error("let go"));
  around.watch()?.threw(new Error("boom"));
  around.watch()?.threw(new Error("again"));
  expect(await ended).toBe(1);
  expect(around.errText()).toContain("warn a promise was rejected and nobody waited for it: let go\n");
  expect(around.errText()).toContain("warn thrown outside of any task: again\n");
  expect(around.errText()).toMatch(
    /1 tasks finished, 0 frames given back\ndispatch: SHUTTING_DOWN: thrown outside of any task: boom\n$/,
  );
  expect(around.watch()).toBeUndefined();
  await dispatcher.close();
  await backend.close();
});

test("a handler that ends the process is named for it", async () => {
  const around = await surroundings();
  const backend = memory();
  const ended = workOn(backend, { ...OPTIONS, log: "off" }, around);
  around.watch()?.exited(7);
  around.raise("SIGTERM");
  await ended;
  expect(around.errText()).toMatch(
    /^dispatch: SHUTTING_DOWN: a handler ended the process with 7 while h.mjs was loaded\n/,
  );
  await backend.close();
});
