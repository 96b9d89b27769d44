import assert from "node:assert/strict";
import type { Result } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { attemptsAgree, booksAddUp, everyTaskOnce, saysWhy, valueIsOfItsAttempt } from "../invariants.ts";
import { Ledger } from "../world/ledger.ts";
import type { World } from "../world/world.ts";
import {
  delayOf,
  handlerIn,
  inputOf,
  type Kind,
  mixed,
  mixedKinds,
  type Prediction,
  refOf,
  schema,
  table,
  withPoison,
} from "./mixed-tasks.ts";

const TASKS = 10_000;
const WORKERS = 4;

/** Everything that can become of a task, in one run. */
export const mixedCases = area("stress", "run", {
  "mixed-outcomes-are-as-the-table-says": {
    cites: ["I1", "I3", "I4", "I8", "I9", "I10", "I14", "I16", "L1"],
    expects: `of ${TASKS} mixed tasks (poison, slow, failing, expiring, delayed, of all priorities) each has the outcome, code, attempts and losses that the table says`,
    async run(world) {
      const kinds = mixedKinds(TASKS, world.random);
      const { dispatcher } = await world.dispatcher();
      const task = { handler: handlerIn(world), input: schema, timeoutMs: world.leaseMs * mixed.timeoutLeases };
      const { maxAttempts, maxLost } = mixed;
      for (let worker = 0; worker < WORKERS; worker += 1)
        await world.worker(
          task,
          { concurrency: 25, maxAttempts, maxLost, backoff: { baseMs: 50, maxMs: 400 } },
          withPoison(world),
        );
      const startedAt = world.clock.now();
      const run = dispatcher.run<unknown, number>(
        "default",
        kinds.map((kind, n) => inputOf(kind, n, world.random)),
      );
      const results = await world.results(run, world.leaseMs * 200);
      everyTaskOnce(results, TASKS);
      booksAddUp(run.summary, results);
      const wrong = results.filter((result) => !isAsPredicted(result, kinds[result.index] as Kind));
      assert.deepEqual(wrong.map((result) => `${kinds[result.index]}: ${said(result)}`).slice(0, 20), []);
      const ledgers = byTask(world);
      for (const result of results) {
        const { index, id } = result;
        const kind = kinds[index] as Kind;
        const ledger = ledgers.get(id) ?? new Ledger(() => 0);
        if (result.outcome === "completed") {
          assert.equal(result.value, index);
          valueIsOfItsAttempt(result, ledger);
          attemptsAgree(result, ledger);
        }
        if (table[kind].attempts === 0 && kind !== "poison")
          assert.equal(ledger.runs.length, 0, `${id} (${kind}) was begun`);
        const [first] = ledger.runs;
        if (kind === "delayed") {
          const waitedMs = (first?.startedAt ?? 0) - startedAt;
          assert.ok(
            waitedMs >= delayOf(index),
            `I14: ${id} was begun after ${waitedMs} ms, it was to wait ${delayOf(index)}`,
          );
        }
      }
      await buriedOnce(world, results, kinds);
    },
  },
});

function isAsPredicted(result: Result, kind: Kind): boolean {
  const { outcome, code, attempts, lost }: Prediction = table[kind];
  return (
    result.outcome === outcome &&
    result.error?.code === code &&
    result.attempts === attempts &&
    result.lost === lost &&
    result.ref === (result.index % 7 === 0 && kind !== "is invalid at the sender" ? refOf(result.index) : undefined)
  );
}

const said = ({ index, ref, outcome, error, attempts, lost }: Result): string =>
  `${index} ${ref ?? "-"} ${outcome} ${error?.code ?? "-"} after ${attempts} attempts and ${lost} losses`;

/** The ledger of a whole run, cut into one for each task: to look for a task's runs in the whole takes too long. */
function byTask(world: World): Map<string, Ledger> {
  const ledgers = new Map<string, Ledger>();
  for (const run of world.ledger.runs) {
    const ledger = ledgers.get(run.id) ?? new Ledger(() => 0);
    ledger.add(run);
    ledgers.set(run.id, ledger);
  }
  return ledgers;
}

/** Each task that ended dead at a worker lies in the dead letters, once, and nothing else does. */
async function buriedOnce(world: World, results: readonly Result[], kinds: readonly Kind[]): Promise<void> {
  if (!world.profile.verbs.includes("browse")) return;
  const letters = await world.deadLetters();
  for (const letter of letters) saysWhy(letter);
  const buried = letters.map(({ id, reason, attempts, lost }) => `${id} ${reason} ${attempts} ${lost}`).sort();
  const expected = results
    .filter(({ index }) => (table[kinds[index] as Kind] as Prediction).letter === true)
    .map(({ id, error, attempts, lost }) => `${id} ${error?.code} ${attempts} ${lost}`)
    .sort();
  assert.deepEqual(buried, expected, "I9: the dead letters are not those of the tasks that ended dead");
}
