import { expect, test } from "vitest";
import { folders } from "./corpus.ts";
import { readGenerateOptions, UsageError } from "./generate-options.ts";

test("without arguments: every file once, for the task parse, not slow", () => {
  expect(readGenerateOptions([])).toEqual({ kind: "parse", folders, repeat: 1, slowMs: 0, help: false });
});

test("all arguments together", () => {
  const argv = ["--repeat", "20", "--slow-ms=15", "--folder", "fail", "--folder", "pass", "--kind", "all"];
  expect(readGenerateOptions(argv)).toEqual({
    kind: "all",
    folders: ["fail", "pass"],
    repeat: 20,
    slowMs: 15,
    help: false,
  });
});

test.each([
  [["--repeat", "0"], "--repeat 0: not a whole number from 1 to 1000000"],
  [["--repeat", "1.5"], "--repeat 1.5: not a whole number from 1 to 1000000"],
  [["--repeat", "many"], "--repeat many: not a whole number from 1 to 1000000"],
  [["--slow-ms", "1e3"], "--slow-ms 1e3: not a whole number from 0 to 3600000"],
  [["--slow-ms", "3600001"], "--slow-ms 3600001: not a whole number from 0 to 3600000"],
  [["--folder", "nowhere"], "--folder nowhere: not one of pass, pass-explicit, fail, early"],
  [["--kind", "tree"], "--kind tree: not one of parse, relation, all"],
  [
    ["--kind", "relation", "--folder", "fail"],
    "--kind relation starts from the files of pass: leave --folder out, or name pass too",
  ],
  [["--nonsense"], "Unknown option '--nonsense'"],
  [["--repeat"], "Option '--repeat <value>' argument missing"],
  [["stray"], "Unexpected argument 'stray'"],
])("%j is refused in one line", (argv, message) => {
  const thrown = caught(() => readGenerateOptions(argv));
  expect(thrown).toBeInstanceOf(UsageError);
  expect((thrown as UsageError).message).toContain(message);
  expect((thrown as UsageError).message).not.toContain("\n");
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
