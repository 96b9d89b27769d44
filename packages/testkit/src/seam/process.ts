import assert from "node:assert/strict";
import { type Backend, type Delivery, type HoldOutcome, type Profile, UNLIMITED } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { almostOver, Bare, cameAfter, isStillHeard, never, staysHeld, textsOf } from "../world/bare.ts";
import { ownSessions } from "../world/facts.ts";
import type { Process } from "../world/process.ts";
import { WORK, type World } from "../world/world.ts";

/** Somebody, and what it has in hand. */
type Hand = readonly [Bare, Delivery];

/** What one that was held up hears of its frame: nothing where it throws, for its connection may be gone, or silent until the deadline. */
const heard = async (
  world: World,
  call: (signal: AbortSignal) => Promise<readonly HoldOutcome[]>,
): Promise<HoldOutcome | undefined> => {
  const deadline = new AbortController();
  const timer = world.clock.after(world.leaseMs, () => deadline.abort(new Error("the deadline")));
  try {
    const answer = call(deadline.signal).catch(() => []);
    const [outcome] = await world.time.wait(answer, "who was held up is answered, or its call ends at its deadline");
    return outcome;
  } finally {
    timer.cancel();
  }
};

/** What was another one's when its holder went on stays that one's, whatever the holder says of it. */
const hasNoSay = async (world: World, holder: Backend, { receipt }: Delivery, [other, current]: Hand) => {
  const settlements: (HoldOutcome | undefined)[] = [];
  // At once, and when its connection has had time to come back.
  for (const afterMs of [0, world.lossMs + world.slackMs]) {
    await world.time.pass(afterMs);
    const renewed = await heard(world, (signal) => holder.renew([receipt], world.leaseMs, signal));
    assert.notEqual(renewed, "ok", "I6: a lease that was another one's is revived");
    for (const settlement of [{ kind: "ack", receipt } as const, { kind: "release", receipt, delayMs: 0 } as const])
      settlements.push(await heard(world, (signal) => holder.settle([settlement], signal)));
  }
  // Where it is not fenced, it may have ended the task early.
  const isFenced = world.profile.fencing === "strict";
  if (isFenced) {
    assert.ok(!settlements.includes("ok"), "I4: a stale holder was heard");
    assert.deepEqual(await other.renew(current), ["ok"], "I4: a stale holder has taken the frame away");
  }
  const [outcome] = await other.ack(current);
  assert.ok(outcome === "ok" || (outcome === "lost" && !isFenced), `I4: who has the frame is told ${String(outcome)}`);
};

/** After its holder has ended like this, another one gets the frame: not at once, and not later than the profile says. */
const comesAgain = async (world: World, end: (process: Process) => void, thaw?: (process: Process) => void) => {
  const holder = await Bare.open(world);
  const other = await Bare.open(world);
  await holder.send(["a"]);
  const [held, ...more] = await holder.receive();
  assert.deepEqual(textsOf([held as Delivery, ...more]), ["a"]);
  const { askedAt } = holder;
  const endedAt = world.clock.now();
  end(holder.process);
  // For long: the one that goes on may take its time to be heard.
  const again = await other.receive({ waitMs: world.lossMs * 2, leaseMs: world.leaseMs * 10 });
  const [heldMs, tookMs] = [world.clock.now() - askedAt, world.clock.now() - endedAt];
  assert.deepEqual(textsOf(again), ["a"], `L1: the frame did not come again within ${tookMs} ms`);
  const most = world.lossMs + world.slackMs;
  assert.ok(tookMs <= most, `L1: it came again after ${tookMs} ms, the profile says ${world.lossMs}`);
  if (world.profile.lease.kind === "timed") cameAfter(world, heldMs);
  if (thaw === undefined) assert.deepEqual(await other.ack(...again), ["ok"]);
  else {
    thaw(holder.process);
    await hasNoSay(world, holder.backend, held as Delivery, [other, again[0] as Delivery]);
  }
  await world.time.pass(world.lossMs + world.slackMs);
  assert.deepEqual(await other.receive(), [], "I4: what was acked came again");
};

const capped = ({ lease, reach }: Profile): true | string => {
  if (lease.totalCapMs >= UNLIMITED) return "lease.totalCapMs UNLIMITED";
  return (
    reach === "process" ||
    lease.totalCapMs <= 60_000 ||
    `lease.totalCapMs ${lease.totalCapMs}: the clock is the machine's`
  );
};

/** Leases whose holder stops, dies, or holds on for too long. */
export const seamProcessCases = area("seam", "lease", {
  "killed-process.redelivered-within-detection": {
    cites: ["I1", "I6", "L1"],
    endsSessions: true,
    expects:
      "what a process held that was killed comes again: after its lease, or when the broker has noticed that the session is dead",
    when: ownSessions,
    run: (world) => comesAgain(world, (process) => process.crash()),
  },

  "frozen-process.redelivered": {
    cites: ["I1", "I4", "I6", "L1"],
    endsSessions: true,
    expects:
      "what a process holds that stands still (SIGSTOP) comes again, as if it had been killed; when it goes on it has no say in it",
    when: ownSessions,
    run: (world) =>
      comesAgain(
        world,
        (process) => process.freeze(),
        (process) => process.thaw(),
      ),
  },

  "total-cap.reported": {
    cites: ["I6", "L1"],
    expects:
      "beyond lease.totalCapMs a renewal is not answered with ok, whatever it is answered with, and the frame comes again",
    when: capped,
    async run(world) {
      const { lease } = world.profile;
      const bare = await Bare.open(world);
      await bare.send(["a"]);
      const spanMs = Math.floor(lease.totalCapMs / 10);
      const want = { max: 1, waitMs: 100, leaseMs: spanMs * 2 };
      const [held] = await world.time.wait(bare.backend.receive(WORK, want, never), "receive answers");
      const { receipt } = held as Delivery;
      const answers: unknown[] = [];
      for (let tenth = 1; tenth <= 12; tenth += 1) {
        await world.time.pass(spanMs);
        const renewed = bare.backend.renew([receipt], spanMs * 2, never);
        const [answer] = await world.time.wait(renewed, "renew answers");
        answers.push(answer);
      }
      assert.deepEqual(answers.slice(0, 8), Array(8).fill("ok"), "I6: a lease ended before its cap");
      assert.notEqual(answers.at(-1), "ok", `I6: it is said to be held for more than ${lease.totalCapMs} ms`);
      const again = await bare.receive({ waitMs: spanMs });
      assert.deepEqual(textsOf(again), ["a"], "L1: the frame did not come again");
    },
  },

  "after-long-wait-is-whole": {
    cites: ["I6", "I7"],
    expects:
      "what a receive brings that has waited for longer than a lease can be renewed at once, and is then held for a whole lease",
    async run(world) {
      const bare = await Bare.open(world);
      const other = await Bare.open(world);
      const want = { max: 1, waitMs: world.leaseMs * 3, leaseMs: world.leaseMs };
      const waiting = bare.backend.receive(WORK, want, never);
      await world.time.pass(world.leaseMs * 0.6);
      // Who shares partitions takes its share now, and not from what is held.
      assert.deepEqual(await other.receive({ waitMs: 0 }), []);
      await world.time.pass(world.leaseMs * 0.6);
      await bare.send(["a"]);
      const held = await world.time.wait(waiting, "the waiting receive answers");
      assert.deepEqual(textsOf(held), ["a"]);
      assert.deepEqual(await bare.renew(...held), ["ok"], "I7: what has just come is not held");
      const { askedAt } = bare;
      await almostOver(world, askedAt);
      staysHeld(world, askedAt, await other.receive({ waitMs: 0 }));
      await isStillHeard(world, bare, askedAt, held);
    },
  },
});
