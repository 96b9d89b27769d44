import type { Character } from "@org/dispatch-core/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commands } from "./commands.ts";
import { Model } from "./model.ts";
import known from "./seeds.json" with { type: "json" };
import { System } from "./system.ts";

/** Of each character; 1,000 in all. */
const RUNS = Number(process.env.N ?? 250);
const characters: readonly Character[] = ["redis", "sqs", "rabbitmq", "kafka"];

/** What fast-check prints when a run fails, and all that it needs to repeat it: once mended, such a seed stays in seeds.json, and is tried first. */
interface Seed {
  readonly character: string;
  readonly seed: number;
  readonly path: string;
}

let systems = 0;

async function check(
  character: Character,
  more: fc.Parameters<unknown>,
): Promise<{ tasks: number; determinate: number }> {
  const sum = { tasks: 0, determinate: 0 };
  const property = fc.asyncProperty(commands, async (some) => {
    systems += 1;
    const system = new System(character, `model-${systems}`);
    const model = new Model();
    try {
      await system.open();
      await fc.asyncModelRun(() => ({ model, real: system }), some);
      const { tasks, determinate } = await system.drain(model);
      sum.tasks += tasks;
      sum.determinate += determinate;
    } finally {
      await system.world.end().catch(() => {});
    }
  });
  await fc.assert(property, more as fc.Parameters<[typeof commands extends fc.Arbitrary<infer C> ? C : never]>);
  return sum;
}

describe.each(characters)("any commands, on memory as %s", (character) => {
  const seeds = (known as readonly Seed[]).filter((one) => one.character === character);

  it.runIf(seeds.length > 0)("end as the model says: seeds that failed once", { timeout: 60_000 }, async () => {
    for (const { seed, path } of seeds) await check(character, { seed, path, numRuns: 1, endOnFailure: true });
  });

  it(`end as the model says: ${RUNS} runs`, { timeout: 300_000 }, async () => {
    const { tasks, determinate } = await check(character, { numRuns: RUNS });
    // A model that allows everything would show nothing.
    expect(tasks).toBeGreaterThan(RUNS);
    expect(determinate / tasks).toBeGreaterThan(0.1);
    console.log(character, tasks, determinate);
  });
});
