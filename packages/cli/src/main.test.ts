import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";

const RUN = ["run", "--handler", "h.mjs", "--input", "in.jsonl"];

test.each<[string, string[], string]>([
  ["no command", [], "no command is given; see dispatch --help"],
  ["an unknown command", ["rnu"], "unknown command 'rnu'"],
  ["an unknown option", [...RUN, "--forse"], "unknown option '--forse'"],
  ["an absent configuration", [...RUN, "--config", "x.json"], "the configuration file x.json cannot be read: ENOENT"],
  ["an argument too many", [...RUN, "more"], "too many arguments"],
  ["an option without its value", [...RUN, "--lease"], "option '--lease <MS>' argument missing"],
  ["a run without input", ["run", "--handler", "h.mjs"], "run needs --input FILE"],
  ["a run with a slip in its only option", ["run", "--hander", "x"], "unknown option '--hander'"],
  ["a run that is asked for help by a word", ["run", "help"], "too many arguments for 'run'"],
  ["a file that is left out", ["run", "--handler", "--input", "f"], '--handler takes a file, not "--input"'],
  ["an output that is left out", [...RUN, "--output", "--force"], '--output takes a file, not "--force"'],
  ["a worker with a slip in its only option", ["worker", "--hander", "x"], "unknown option '--hander'"],
  ["help for nothing known", ["help", "nosuch"], "unknown command 'nosuch'"],
  ["help for nothing known of a group", ["dead", "help", "nosuch"], "unknown command 'nosuch'"],
  ["a group alone", ["dead"], "no command is given; see dispatch dead --help"],
  ["a run without handler", ["run", "--input", "in.jsonl"], "run needs --handler FILE"],
  ["a worker without handler", ["worker"], "worker needs --handler FILE"],
  ["a bad duration", [...RUN, "--lease", "soon"], "--lease takes milliseconds"],
  ["a bad priority", [...RUN, "--priority", "-1"], "--priority takes a whole number from 0 to 10"],
  ["no concurrency", [...RUN, "--concurrency", "0"], "--concurrency takes a whole number from 1"],
  ["a bad queue", [...RUN, "--queue", "a b"], "--queue takes a name"],
  ["a bad namespace", [...RUN, "--namespace", "-"], "--namespace takes a name"],
  ["a bad coordinator", [...RUN, "--coordinator", ""], "--coordinator takes a name"],
  ["a bad log", [...RUN, "--log", "xml"], "--log takes one of text, json, off"],
  ["a thread", [...RUN, "--isolation", "thread"], "@org/dispatch-isolation"],
  ["an unknown backend", [...RUN, "--backend", "mongo"], '--backend "mongo" is not known; there are memory, redis'],
  ["a missing handler file", [...RUN], "the handler file h.mjs does not exist"],
  ["purge without --yes", ["queue", "purge"], "confirm it with --yes"],
  ["dead purge without --yes", ["dead", "purge"], "confirm it with --yes"],
  ["redrive of nothing", ["dead", "redrive"], "either --id ID"],
  ["redrive of one and all", ["dead", "redrive", "--id", "a", "--all"], "either --id ID"],
  ["show of nothing", ["dead", "show"], "missing required argument 'ID'"],
  ["config of nothing", ["config"], "no command is given"],
  ["check of nothing", ["config", "check"], "missing required argument 'FILE'"],
  ["print with a configuration", ["config", "print", "a.json", "--config", "b.json"], "unknown option '--config'"],
])("%s: one line, exit 2, nothing on standard output", async (_, argv, message) => {
  const around = capturedSurroundings({ cwd: await temporaryFolder("dispatch-main") });
  expect(await main(argv, around)).toBe(2);
  expect(around.errText()).toMatch(/^dispatch: CONFIG_INVALID: [^\n]+\n$/);
  expect(around.errText()).toContain(message);
  expect(around.outText()).toBe("");
});

test.each([
  [["run", "--no-worker", "--input", "-"], "run --no-worker"],
  [["worker", "--handler", "h.mjs"], "worker"],
  [["queue", "status"], "queue"],
  [["queue", "purge", "--yes"], "queue"],
  [["dead", "list"], "dead"],
  [["dead", "show", "r/0"], "dead"],
  [["dead", "redrive", "--all"], "dead"],
  [["dead", "purge", "--yes"], "dead"],
])("%j on memory makes no sense: exit 2 with the reason", async (argv, command) => {
  const around = capturedSurroundings();
  expect(await main(argv, around)).toBe(2);
  expect(around.errText()).toMatch(/^dispatch: UNSUPPORTED: [^\n]*reach: process[^\n]*\n$/);
  expect(around.errText()).toContain(`${command} makes no sense on memory`);
});

test("help and version go to standard output, exit 0", async () => {
  for (const argv of [["--help"], ["run", "--help"], ["dead", "--help"], ["help", "run"]]) {
    const around = capturedSurroundings();
    expect(await main(argv, around)).toBe(0);
    expect(around.outText()).toContain("Usage: dispatch");
    expect(around.errText()).toBe("");
  }
  const around = capturedSurroundings();
  expect(await main(["--version"], around)).toBe(0);
  expect(around.outText()).toBe("0.0.0-test\n");
});

test("files are looked at before anything is made: a bad input leaves no output", async () => {
  const cwd = await temporaryFolder("dispatch-main");
  await writeFile(join(cwd, "h.mjs"), "export default async (payload) => payload;");
  await writeFile(join(cwd, "old.jsonl"), "kept\n");
  await writeFile(join(cwd, "in.jsonl"), "1\n");
  for (const [argv, message] of [
    [["--input", "none.jsonl", "--output", "new.jsonl"], "the input file none.jsonl cannot be opened"],
    [["--input", "in.jsonl", "--output", "old.jsonl"], "the output file old.jsonl exists; --force overwrites it"],
  ] as const) {
    const around = capturedSurroundings({ cwd });
    expect(await main(["run", "--handler", "h.mjs", ...argv], around)).toBe(2);
    expect(around.errText()).toMatch(new RegExp(`^dispatch: CONFIG_INVALID: ${message}[^\n]*\n$`));
  }
});
