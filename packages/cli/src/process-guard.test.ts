import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import type { ForeignCodeWatch } from "./foreign-code-watch.ts";
import { guardProcess } from "./process-guard.ts";

/** A process that, as the real one, says `exit` as it ends, and ends with what its listeners set. */
function guarded() {
  const events = new EventEmitter();
  const said: string[] = [];
  const ended: unknown[] = [];
  const process = Object.assign(events, {
    exitCode: undefined as number | undefined,
    exit(code: number) {
      process.exitCode = code;
      events.emit("exit", code);
      ended.push(process.exitCode);
    },
  });
  return { guard: guardProcess(process, (line) => void said.push(line)), process, said, ended };
}

function watcher() {
  const told: unknown[] = [];
  const watch: ForeignCodeWatch = {
    exited: (code) => void told.push(["exited", code]),
    threw: (error) => void told.push(["threw", error]),
    rejected: (reason) => void told.push(["rejected", reason]),
    stranded: () => ({ line: "stranded", exitCode: 2 }),
  };
  return { told, watch };
}

test("our own end has our own code, in silence", () => {
  for (const code of [0, 1, 130]) {
    const { guard, said, ended } = guarded();
    guard.watch(watcher().watch);
    guard.exit(code);
    expect([said, ended]).toEqual([[], [code]]);
  }
});

test("with a watch, the watch is told; a foreign end has the code 1", () => {
  const { guard, process, said, ended } = guarded();
  const { told, watch } = watcher();
  guard.watch(watch);
  process.emit("uncaughtException", "e");
  process.emit("unhandledRejection", "r");
  process.exit(0);
  expect(told).toEqual([
    ["threw", "e"],
    ["rejected", "r"],
    ["exited", 0],
  ]);
  expect([said, ended]).toEqual([[], [1]]);
});

test("nothing left to wait for: what the watch says of it", () => {
  const { guard, process, said, ended } = guarded();
  guard.watch(watcher().watch);
  process.emit("beforeExit");
  expect([said, ended]).toEqual([["stranded"], [2]]);
});

test.each([
  ["exit", 3, "dispatch: SHUTTING_DOWN: foreign code ended the process with 3"],
  ["uncaughtException", new Error("boom"), "dispatch: SHUTTING_DOWN: thrown outside of any task: boom"],
  ["beforeExit", undefined, "dispatch: unexpected error: nothing is left to wait for, but the command has not ended"],
])("without a watch, %s is one line and the code 1", (event, what, line) => {
  const { guard, process, said } = guarded();
  const stop = guard.watch(watcher().watch);
  stop();
  process.emit("unhandledRejection", "nobody cares");
  process.emit(event, what);
  expect([said, process.exitCode]).toEqual([[line], 1]);
});
