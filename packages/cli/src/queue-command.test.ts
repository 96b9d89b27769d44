import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Dispatcher, QueueAdmin } from "@org/dispatch-core";
import type { Backend } from "@org/dispatch-core/contract";
import { type Character, memory } from "@org/dispatch-core/memory";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";
import { queueOn, statusText, withAdmin } from "./queue-command.ts";
import { wrappedBackend } from "./wrapped-backend.ts";

const OPTIONS = { backend: "memory", log: "text", create: true, queue: "mails" } as const;

/** A queue with three tasks that are ready and one that is delayed. */
async function filled(character?: Character) {
  const backend: Backend = character === undefined ? memory() : memory({ character });
  const dispatcher = await Dispatcher.open(backend, { queue: "mails" });
  for (const payload of [1, 2, 3]) await dispatcher.send("mail", payload);
  await dispatcher.send("mail", 4, { delayMs: 3_600_000 });
  await dispatcher.close();
  const around = capturedSurroundings();
  return {
    around,
    close: () => backend.close(),
    async admin<T>(ask: (admin: QueueAdmin) => Promise<T>): Promise<T> {
      const admin = await QueueAdmin.open(backend, { queue: "mails" });
      return ask(admin);
    },
    status: (json: boolean) => withAdmin(backend, OPTIONS, (admin) => queueOn(admin, { verb: "status", json }, around)),
    purge: (yes: boolean) => withAdmin(backend, OPTIONS, (admin) => queueOn(admin, { verb: "purge", yes }, around)),
  };
}

const FRAMES = "counted in frames: each a task, or a pack of tasks\n";

test("the status is a table for people, or one JSON line", async () => {
  const { around, status, close } = await filled();
  expect(await status(false)).toBe(0);
  expect(around.outText()).toMatch(
    /^queue mails, dead letters: 0\nlane +ready +leased +delayed\n\S+ +3 +0 +1\ncounted in frames: .*\n$/,
  );
  expect(await status(true)).toBe(0);
  const json = JSON.parse(around.outText().split("\n")[4] ?? "") as object;
  expect(json).toMatchObject({ queue: "mails", lanes: [{ ready: 3, leased: 0, delayed: 1, exact: true }], dead: 0 });
  await close();
});

test.each([
  ["off", /^dispatch: DENIED: [^\n]+\n$/],
  ["json", /^(\{[^\n]+\}\n)+dispatch: DENIED: [^\n]+\n$/],
  ["text", /^warn UNAVAILABLE: [^\n]+; trying again\ndispatch: DENIED: [^\n]+\n$/],
])("--log %s holds for a broker that does not answer, too", async (mode, said) => {
  const cwd = await temporaryFolder("dispatch-queue");
  const name = "@org/dispatch-backend-redis";
  const root = join(cwd, "node_modules", name);
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "package.json"), JSON.stringify({ name, main: "away.mjs" }));
  await writeFile(join(root, "away.mjs"), "export const fromOptions = () => globalThis.dispatchTestAway;");
  const inner = memory();
  const answers = [new Error("nobody answers"), new Error("no rights")];
  const away = wrappedBackend(inner, {
    profile: { ...inner.profile, reach: "network" },
    open: () => Promise.reject(answers.shift()),
    classify: (error) => ({ code: (error as Error).message === "no rights" ? "DENIED" : "UNAVAILABLE" }),
  });
  Object.assign(globalThis, { dispatchTestAway: away });
  const around = capturedSurroundings({ cwd });
  expect(await main(["queue", "status", "--backend", "redis", "--log", mode], around)).toBe(2);
  expect(around.errText()).toMatch(said);
});

test("what a broker only estimates is marked", () => {
  const text = statusText({
    queue: "q",
    lanes: [{ lane: "high", ready: 12_000, leased: 0, delayed: 3, exact: false }],
    dead: 2,
    untold: [],
  });
  expect(text).toBe(
    `queue q, dead letters: 2\nlane    ready  leased  delayed\nhigh  ~12,000      ~0       ~3\n${FRAMES}`,
  );
});

test("what nobody can tell is no 0", () => {
  const lanes = [{ lane: "high", ready: 1, leased: 0, delayed: 0, exact: true }];
  expect(statusText({ queue: "q", lanes, dead: 0, untold: ["leased", "delayed"] })).toBe(
    `queue q, dead letters: 0\nlane  ready  leased  delayed\nhigh      1       ?        ?\n${FRAMES}`,
  );
  // Of this process, say.
  const [lane] = lanes;
  expect(statusText({ queue: "q", lanes: [{ ...lane, leased: 2 } as never], dead: 0, untold: ["leased"] })).toContain(
    "1       2        0\n",
  );
});

test.each([
  ["redis", "4 frames removed\n", []],
  ["kafka", "3 frames removed; what is delayed stays, and comes when it is due\n", ["delayed"]],
  ["sqs", "3 frames removed; what is delayed stays, and comes when it is due\n", []],
] as const)(
  "what is delayed is counted and removed as far as that can be done: %s",
  async (character, said, untold) => {
    const { around, purge, admin, close } = await filled(character);
    expect(await admin((one) => one.status())).toMatchObject({ untold });
    expect(await purge(true)).toBe(0);
    expect(around.outText()).toBe(said);
    await close();
  },
);

test("a purge empties the queue, once it is confirmed", async () => {
  const { around, status, purge, close } = await filled();
  await expect(purge(false)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  expect(await purge(true)).toBe(0);
  expect(around.outText()).toBe("4 frames removed\n");
  await status(false);
  expect(around.outText()).toMatch(/ +0 +0 +0\ncounted in frames/);
  await close();
});
