import assert from "node:assert/strict";
import { laneOf } from "../../world/lanes.ts";
import type { World } from "../../world/world.ts";

const TASKS = 100;

/** Sends a hundred tasks with delays and priorities of their own; two workers, either of which may send on what waits. */
export async function noneEarly(world: World, delay: () => number): Promise<void> {
  const { dispatcher } = await world.dispatcher();
  for (let workers = 0; workers < 2; workers += 1) {
    await world.worker({ handler: (delayMs: number) => delayMs }, { concurrency: TASKS });
  }
  const delays = Array.from({ length: TASKS }, () => Math.floor(delay()));
  const sentAt = world.clock.now();
  const sent = delays.map((delayMs, index) => dispatcher.send("default", delayMs, { delayMs, priority: index % 11 }));
  await world.time.wait(Promise.all(sent), "all are sent");
  const bySentMs = world.clock.now() - sentAt;
  const withinMs = world.time.patienceMs + Math.max(...delays);
  await world.time.until(() => world.events.completed === TASKS, "all are done", withinMs);
  const lateMs = world.profile.limits.delayPrecisionMs + bySentMs + world.slackMs;
  // A task may be run once more, by who takes its partition over before its ack is there: that is late for another reason.
  const firstRuns = new Map(world.ledger.runs.toReversed().map((run) => [run.id, run]));
  for (const run of world.ledger.runs) {
    const waitedMs = run.startedAt - sentAt;
    const delayMs = run.payload as number;
    assert.ok(waitedMs >= delayMs, `I14: a delay of ${delayMs} ms ended after ${waitedMs} ms`);
    if (run !== firstRuns.get(run.id)) continue;
    assert.ok(waitedMs <= delayMs + lateMs, `I14: a delay of ${delayMs} ms ended after ${waitedMs} ms only`);
  }
  assert.deepEqual(
    [...firstRuns.values()].map(({ payload }) => payload as number).sort((a, b) => a - b),
    delays.toSorted((a, b) => a - b),
  );
  for (const { queue, frame } of world.sent) {
    if (queue.role !== "work") continue;
    const { name } = laneOf(world.profile, frame.priority).queue;
    assert.equal(queue.name, name, `I13: ${frame.name} of priority ${frame.priority} is in the lane ${queue.name}`);
  }
}
