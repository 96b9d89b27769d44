/** The command on real seeds: those of every run of the tests. */
import { expect, test } from "vitest";
import { run } from "../command.ts";
import { root } from "../tree.ts";
import { replay } from "./said.ts";

const command = [process.execPath, `${root}/tooling/simulate/main.ts`];

test("300 seeds keep all promises", async () => {
  const { code, output } = await run([...command, "--seeds", "300"]);
  expect(code, output).toBe(0);
  expect(output).toMatch(/^300 seeds, \d+ runs of handlers, .*, 0 failed\n$/m);
}, 180_000);

test("the command that replays a seed is one that it understands", async () => {
  const argv = replay(17).split(" ").slice(2);
  const { code, output } = await run([...command, ...argv]);
  expect(code, output).toBe(0);
  expect(output).toMatch(/^1 seeds, /m);
});

test("wrong usage: one line, exit 2", async () => {
  expect(await run([...command, "--seeds", "0"])).toMatchObject({
    code: 2,
    output: expect.stringMatching(/^dev: .*\n$/),
  });
});
