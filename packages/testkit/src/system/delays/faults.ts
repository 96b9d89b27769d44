import assert from "node:assert/strict";
import { input } from "@org/dispatch-core";
import type { Move, OutFrame, Queue } from "@org/dispatch-core/contract";
import { area, verbs } from "../../case.ts";
import type { BackendCall } from "../../decorators/intercept.ts";
import { FaultError } from "../../decorators/wrap.ts";
import { everyTaskOnce, saysWhy } from "../../invariants.ts";
import type { World } from "../../world/world.ts";
import { canBePassed } from "./affordable.ts";

/** A delay that the broker does not keep by itself. */
const emulatedMs = ({ profile }: World) => profile.sendDelayMs + 1_500;

/**
 * Acks of the last `ackLagMs` are lost with a process: every hop of that time would happen again. So where acks lag the delay is that of one tier, which
 * lasts longer.
 */
function oneHopMs(world: World): number {
  const { ackLagMs, limits } = world.profile;
  const longEnough = Math.ceil(Math.log2((emulatedMs(world) + ackLagMs) / limits.delayPrecisionMs));
  return ackLagMs === 0 ? emulatedMs(world) : limits.delayPrecisionMs * 2 ** longEnough;
}

/** The frames that go to a work queue by a call, which is where delayed tasks are sent on to. */
function toWork({ verb, args }: BackendCall): readonly OutFrame[] {
  const sends =
    verb === "move"
      ? (args[0] as readonly Move[]).flatMap((move) => move.sends)
      : (args[1] as readonly OutFrame[]).map((frame) => ({ queue: args[0] as Queue, frame }));
  return sends.filter(({ queue }) => queue.role === "work").map(({ frame }) => frame);
}

/** The same call with only some of its frames or moves, and for the others an answer. */
async function without(call: BackendCall, bad: (frame: OutFrame) => boolean, failed: FaultError): Promise<unknown> {
  const place = call.verb === "move" ? 0 : 1;
  const items = call.args[place] as readonly (Move | OutFrame)[];
  const isBad = items.map((item) => ("sends" in item ? item.sends.some(({ frame }) => bad(frame)) : bad(item)));
  const good = items.filter((_, index) => !isBad[index]);
  const answers = good.length > 0 ? [...((await call.proceed(...call.args.with(place, good))) as unknown[])] : [];
  return isBad.map((is) => (is ? { failed } : answers.shift()));
}

/** What can go wrong while a delayed task is sent on. */
export const delayFaultCases = area("system", "delay", {
  "undeliverable-head-blocks-nobody": {
    cites: ["I1", "I3", "I9", "I14"],
    expects: "a delayed task that cannot be sent on ends dead, with its reason; those behind it go on in time",
    when(profile) {
      const applies = canBePassed(profile);
      return applies === true ? verbs("browse")(profile) : applies;
    },
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const bad = (frame: OutFrame) => /\/[01]#/.test(frame.name);
      await world.worker({ handler: (n: number) => n }, {}, (process) =>
        process.intercept(["send", "move"], (call) =>
          toWork(call).some(bad)
            ? without(call, bad, new FaultError("TOO_LARGE", "more than the broker takes"))
            : call.proceed(),
        ),
      );
      const delayMs = emulatedMs(world);
      const run = dispatcher.run("default", Array(20).keys(), { delayMs });
      const sentAt = world.clock.now();
      const results = await world.results(run, delayMs);
      everyTaskOnce(results, 20);
      for (const { index, outcome, error, attempts } of results) {
        const expected = index < 2 ? ["dead", "TOO_LARGE", 0] : ["completed", undefined, 1];
        assert.deepEqual([outcome, error?.code, attempts], expected);
      }
      const lateMs = world.profile.limits.delayPrecisionMs + world.slackMs;
      for (const { startedAt } of world.ledger.runs)
        assert.ok(startedAt - sentAt <= delayMs + lateMs, `I14: after ${startedAt - sentAt} ms`);
      const letters = await world.deadLetters();
      assert.deepEqual(letters.map(({ id }) => id).sort(), [`${run.id}/0`, `${run.id}/1`]);
      for (const letter of letters) saysWhy(letter);
      assert.equal(run.summary.resent, 0);
    },
  },

  "broker-away-while-it-is-due": {
    cites: ["I1", "L1"],
    expects: "a delayed task that cannot be sent on for longer than a lease goes on when that is over",
    when: canBePassed,
    async run(world) {
      const { dispatcher } = await world.dispatcher({ resendAfterMs: world.leaseMs * 100 });
      const delayMs = emulatedMs(world);
      const startedAt = world.clock.now();
      const passedMs = () => world.clock.now() - startedAt;
      await world.worker({ handler: (n: number) => n }, {}, (process) =>
        process.intercept(["send", "move"], (call) => {
          const isAway = passedMs() < delayMs + world.leaseMs * 3;
          if (toWork(call).length > 0 && isAway) throw new FaultError("UNAVAILABLE", "the queue has no leader");
          return call.proceed();
        }),
      );
      const run = dispatcher.run("default", Array(5).keys(), { delayMs });
      everyTaskOnce(await world.results(run, delayMs), 5);
      assert.ok(passedMs() <= delayMs + world.leaseMs * 6 + world.slackMs, `L2: it took ${passedMs()} ms`);
      assert.equal(run.summary.resent, 0);
    },
  },

  "pump-crash-between-send-and-ack": {
    cites: ["I1", "I3", "I4"],
    endsSessions: true,
    expects: "a worker that dies after it has sent a delayed task on, and before its ack: one name, one outcome",
    when: canBePassed,
    async run(world) {
      const { dispatcher } = await world.dispatcher();
      const delayMs = oneHopMs(world);
      let crashed = false;
      const handler = (n: number) => n;
      const first = await world.worker({ handler }, {}, (process) =>
        process.intercept(["send", "move"], async (call) => {
          const answer = await call.proceed();
          if (toWork(call).length > 0) {
            crashed = true;
            first.crash();
          }
          return answer;
        }),
      );
      const run = dispatcher.run("default", [input(1), input(2, { priority: 9 })], { delayMs });
      await world.time.until(() => crashed, "the first worker dies", world.time.patienceMs + delayMs);
      await world.worker({ handler });
      const results = await world.results(run);
      everyTaskOnce(results, 2);
      for (const { outcome, attempts } of results) assert.deepEqual([outcome, attempts], ["completed", 1]);
      await world.time.pass(world.leaseMs * 3);
      const onward = world.sent.filter(({ process, queue }) => queue.role === "work" && process.startsWith("worker"));
      const names = onward.map(({ frame }) => frame.name);
      if (!world.profile.verbs.includes("move"))
        assert.ok(names.length > 2, "nothing was sent on twice: the case shows nothing");
      // A loss that the broker cannot count is written into a copy, which has the next name.
      const losses = world.events.named("queue_requeued").filter(({ reason }) => reason === "lost").length;
      assert.ok(new Set(names).size <= 2 + losses, `I4: more than one name for a task: ${names.join(", ")}`);
      assert.equal(world.events.count("task_ended"), 2);
      assert.equal(run.summary.resent, 0);
      // Each of the two frames once, and once in the first worker, if it was quicker than its crash.
      for (const { id } of results) assert.ok(world.ledger.of(id).length <= 3, `I4: ${id} was run too often`);
    },
  },
});
