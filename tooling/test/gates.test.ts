import { expect, test } from "vitest";
import { runGate } from "./gates.ts";

test("a gate that holds counts as one, in one line", async () => {
  const said: string[] = [];
  const tally = await runGate({ name: "quiet", argv: ["node", "--eval", "console.log('fine')"] }, (text) =>
    said.push(text),
  );
  expect(tally).toEqual({ passed: 1, failures: [], skipped: 0 });
  expect(said).toEqual([expect.stringMatching(/^ok {5}quiet \(\d+\.\d s\)$/)]);
});

test.each([
  ["ends with another code", ["node", "--eval", "console.error('wrong'); process.exitCode = 3"], "wrong"],
  ["is killed", ["node", "--eval", "process.kill(process.pid, 'SIGKILL')"], "ended by SIGKILL"],
  ["is not there", ["no-such-program"], "no-such-program"],
])("a gate that %s has failed, and what it said is shown", async (_, argv, words) => {
  const said: string[] = [];
  const tally = await runGate({ name: "broken", argv }, (text) => said.push(text));
  expect(tally).toEqual({ passed: 0, failures: [expect.stringMatching(/^broken: /)], skipped: 0 });
  expect(said[0]).toMatch(/^FAILED broken/);
  expect(said[1]).toContain(words);
});
