import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const script = fileURLToPath(new URL("./main.ts", import.meta.url));

function start(...argv: readonly string[]) {
  // Node 22 warns that it strips types; what is tested here is what the job itself says.
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, ...argv]);
  child.stdin.end();
  return { child, exit: once(child, "exit"), output: text(child.stdout) };
}

describe("npm start's main job", { timeout: 60_000 }, () => {
  test("runs all, with progress on standard error and the summary on standard output", async () => {
    const { child, exit, output } = start();
    const progress = await text(child.stderr);
    expect(await exit).toEqual([0, null]);
    expect(progress).toMatch(/^parse 0 of 5,361 \(0 %\)\n/);
    expect(progress).toMatch(/\nparse 5,361 of 5,361 \(100 %\) [\d,]+ tasks\/s\n/);
    expect(progress).toMatch(/\nrelation 1,981 of 1,981 \(100 %\) [\d,]+ tasks\/s\n$/);
    const summary = await output;
    expect(summary).toMatch(/^Right verdicts \(baseline acorn, candidate meriyah\)\n/);
    expect(summary).toContain("\ntask parse: 5,361 completed, 0 dead, 0 expired, 0 cancelled; 0 retried;");
    expect(summary).toContain("\ntask relation: 1,981 completed, 0 dead, 0 expired, 0 cancelled; 0 retried;");
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s ends it early, with a summary of what is done", async (signal) => {
    const { child, exit, output } = start();
    await once(child.stderr, "data");
    child.kill(signal);
    child.stderr.resume();
    expect(await exit).toEqual([1, null]);
    expect(await output).toMatch(/\nnot complete: [^\n]*\n$/);
  });

  test("--help says how it is called, exit 0; anything else is refused in one line, exit 2; neither runs the job", async () => {
    const help = start("--help");
    const [said, complaint] = await Promise.all([help.output, text(help.child.stderr)]);
    expect([await help.exit, complaint]).toEqual([[0, null], ""]);
    expect(said).toMatch(/^usage: npm start [^\n]*\n$/);
    for (const word of ["--foo", "more"]) {
      const wrong = start(word);
      const [out, line] = await Promise.all([wrong.output, text(wrong.child.stderr)]);
      expect([await wrong.exit, out]).toEqual([[2, null], ""]);
      expect(line).toMatch(new RegExp(`^evaluate: unknown argument ${word}; usage: [^\\n]*\\n$`));
    }
  });
});
