/** Every subject of the memory benchmark does what it is measured for: all results once, whatever it is asked. Nothing is timed here. */
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import type { MakeSubject } from "../subject.ts";
import { Tally } from "../tally.ts";
import { memoryBench } from "./bench.ts";

// By their files: a name may stand for another module in another case.
const modules = new Map(
  memoryBench.series.flatMap(({ subjects }) => Object.values(subjects)).map((module) => [module.href, module]),
);
const byFile = [...modules.values()].map((module) => [basename(module.pathname, ".ts"), module] as const);
const plain = { wrap: <T>(backend: T): T => backend };
const COUNT = 2_500;

describe.each(byFile)("%s", (_, module) => {
  const make = async () => ((await import(module.href)) as { readonly subject: MakeSubject }).subject(plain);

  test("end to end", async () => {
    const tally = new Tally(COUNT);
    await (await make()).endToEnd(COUNT, (value) => tally.take(value));
    tally.check();
  });

  test("what waits is run afterwards, and not before", async () => {
    const tally = new Tally(COUNT);
    const filled = await (await make()).fill(COUNT);
    await new Promise((resolve) => setImmediate(resolve));
    expect(tally.taken).toBe(0);
    await filled.drain((value) => tally.take(value));
    tally.check();
  });

  test("one at a time", async () => {
    const system = await (await make()).idle();
    expect([await system.one(0), await system.one(7), await system.one(7)]).toEqual([0, 7, 7]);
    await system.close();
  });
});
