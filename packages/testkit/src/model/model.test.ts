import type { Character } from "@org/dispatch-core/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commands } from "./commands.ts";
import { Model } from "./model.ts";
import known from "./seeds.json" with { type: "json" };
import { System } from "./system.ts";

/** Of each character; 1,000 in all. */
const RUNS = 250;
const characters: readonly Character[] = ["redis", "sqs", "rabbitmq", "kafka"];

/** What fast-check prints of a run that failed: it goes into seeds.json, and is tried first from then on. `why`: what was wrong. */
interface Seed {
  readonly character: string;
  readonly seed: number;
  readonly path: string;
  readonly replayPath: string;
  readonly why: string;
}

/** How many tasks were sent, and how many of them could end in one way only. */
interface Tally {
  readonly tasks: number;
  readonly determinate: number;
}

let systems = 0;

async function check(character: Character, numRuns: number, seed?: Seed): Promise<Tally> {
  let [tasks, determinate] = [0, 0];
  const property = fc.asyncProperty(commands(seed?.replayPath), async (some) => {
    systems += 1;
    const system = new System(character, `model-${systems}`);
    const model = new Model();
    try {
      await system.open();
      await fc.asyncModelRun(() => ({ model, real: system }), some);
      const tally = await system.drain(model);
      await system.world.end();
      tasks += tally.tasks;
      determinate += tally.determinate;
    } finally {
      await system.close();
    }
  });
  const again = seed === undefined ? {} : { seed: seed.seed, path: seed.path, endOnFailure: true };
  await fc.assert(property, { numRuns, ...again });
  return { tasks, determinate };
}

describe.each(characters)("any commands, on memory as %s", (character) => {
  const seeds = (known as readonly Seed[]).filter((one) => one.character === character);

  it.each(seeds)("seed $seed, which failed once: $why", { timeout: 60_000 }, async (seed) => {
    expect((await check(character, 1, seed)).tasks).toBeGreaterThan(0);
  });

  it(`end as the model says: ${RUNS} runs`, { timeout: 300_000 }, async () => {
    const { tasks, determinate } = await check(character, RUNS);
    // A model that allows everything would show nothing.
    expect(tasks).toBeGreaterThan(RUNS);
    expect(determinate / tasks).toBeGreaterThan(0.1);
  });
});
