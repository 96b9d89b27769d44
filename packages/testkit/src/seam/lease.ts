import assert from "node:assert/strict";
import type { Delivery, Profile } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { almostOver, Bare, cameAfter, isStillHeard, staysHeld, textsOf } from "../world/bare.ts";
import type { World } from "../world/world.ts";

const timed = ({ lease }: Profile) => lease.kind === "timed" || `lease ${lease.kind}`;

const strict = ({ fencing }: Profile) => fencing === "strict" || `fencing ${fencing}`;

/** A lease, and what may pass before it counts as over. */
const overMs = (world: World) => world.leaseMs + world.slackMs;

const taken = async (world: World, ...texts: string[]): Promise<[Bare, Delivery[]]> => {
  const bare = await Bare.open(world);
  await bare.send(texts);
  const held = [...(await bare.receiveAll(texts.length))];
  assert.equal(held.length, texts.length, "I1: what was sent did not come");
  return [bare, held];
};

/** Leases: how long they last, and what ends them. */
export const seamLeaseCases = area("seam", "lease", {
  "ack-removes": {
    cites: ["I1", "I6"],
    expects: "an acked frame does not come again, nor after its lease",
    async run(world) {
      const [bare, held] = await taken(world, "a", "b");
      assert.deepEqual(await bare.ack(...held), ["ok", "ok"]);
      await world.time.pass(overMs(world));
      assert.deepEqual(await bare.receive(), []);
    },
  },

  "expiry.redelivers": {
    cites: ["I1", "L1"],
    expects: "a frame whose lease is over comes again, whatever became of its holder",
    when: timed,
    async run(world) {
      const [bare] = await taken(world, "a");
      await world.time.pass(overMs(world));
      assert.deepEqual(textsOf(await bare.receive({ waitMs: world.leaseMs })), ["a"]);
    },
  },

  "expiry.not-before-lease": {
    cites: ["I6"],
    expects: "a held frame is given to nobody else before its lease is over",
    when: timed,
    async run(world) {
      const [bare] = await taken(world, "a");
      const { askedAt } = bare;
      await almostOver(world, askedAt);
      staysHeld(world, askedAt, await bare.receive({ waitMs: 0 }));
    },
  },

  "expiry.as-the-receive-asked": {
    cites: ["I6", "L1"],
    expects: "a lease is as long as the receive has asked for, whatever open was told",
    when: timed,
    async run(world) {
      const bare = await Bare.open(world);
      await bare.send(["a"]);
      const leaseMs = world.leaseMs * 2;
      assert.deepEqual(textsOf(await bare.receive({ leaseMs })), ["a"]);
      const { askedAt } = bare;
      await almostOver(world, askedAt, leaseMs);
      staysHeld(world, askedAt, await bare.receive({ waitMs: 0 }), { leaseMs });
      assert.deepEqual(textsOf(await bare.receive({ waitMs: world.lossMs + world.slackMs })), ["a"]);
      cameAfter(world, world.clock.now() - askedAt, leaseMs);
    },
  },

  "expiry.each-at-its-own-time": {
    cites: ["I1", "I6", "L1"],
    expects: "of several held frames each comes again when its own lease is over, whatever became of those before it",
    when: timed,
    async run(world) {
      const bare = await Bare.open(world);
      await bare.send(["a", "b"]);
      const [first] = await bare.receive({ max: 1 });
      await world.time.pass(world.leaseMs / 2);
      const [second] = await bare.receive({ max: 1 });
      const heldAt = world.clock.now();
      assert.ok(first !== undefined && second !== undefined, "I1: what was sent did not come");
      const again: Delivery[] = [];
      // What comes is held for long, so that nothing else ends meanwhile.
      const want = { max: 1, waitMs: world.lossMs * 2, leaseMs: world.leaseMs * 10 };
      while (again.length < 2) {
        const [one] = await bare.receive(want);
        assert.ok(one !== undefined, `L1: only ${again.length} of two frames came again`);
        again.push(one);
      }
      const tookMs = world.clock.now() - heldAt;
      assert.deepEqual(textsOf(again).sort(), ["a", "b"], "I6: a frame came twice, another one not");
      const most = world.lossMs + world.slackMs;
      assert.ok(tookMs <= most, `L1: the second one came again after ${tookMs} ms, the most is ${most}`);
    },
  },

  "renew.keeps-past-three-leases": {
    cites: ["I6", "I7"],
    expects: "a lease that is renewed lasts a whole lease more each time, for as long as the total cap allows",
    async run(world) {
      const [bare, held] = await taken(world, "a");
      for (let third = 0; third < 10; third += 1) {
        await world.time.pass(world.leaseMs / 3);
        assert.deepEqual(await bare.renew(...held), ["ok"], `after ${third + 1} thirds of a lease`);
      }
      const { askedAt } = bare;
      await almostOver(world, askedAt);
      staysHeld(world, askedAt, await bare.receive({ waitMs: 0 }));
      await isStillHeard(world, bare, askedAt, held);
    },
  },

  "renew.never-shortens": {
    cites: ["I7"],
    expects: "a renewal for less than what is left changes nothing",
    when: timed,
    async run(world) {
      const [bare, [held]] = await taken(world, "a");
      const { receipt } = held as Delivery;
      const { askedAt } = bare;
      const step = world.profile.lease.kind === "timed" ? world.profile.lease.stepMs : 1;
      const renewed = bare.backend.renew([receipt], step, new AbortController().signal);
      assert.deepEqual(await world.time.wait(renewed, "renew answers"), ["ok"]);
      await almostOver(world, askedAt);
      const came = await bare.receive({ waitMs: 0 });
      staysHeld(world, askedAt, came, { why: "a renewal has shortened the lease (I7)" });
    },
  },

  "renew.batch-mixed-live-and-stale": {
    cites: ["I6", "I7"],
    expects: "of a batch, each receipt has its own answer, in order",
    async run(world) {
      const [bare, [a, b, c]] = (await taken(world, "a", "b", "c")) as [Bare, [Delivery, Delivery, Delivery]];
      await bare.ack(b);
      assert.deepEqual(await bare.renew(a, b, c), ["ok", "lost", "ok"]);
      assert.deepEqual(await bare.renew(b, a), ["lost", "ok"]);
    },
  },

  "renew.after-loss-is-lost": {
    cites: ["I4", "I6"],
    expects: "a lease that is over is not revived by a late renewal: the answer is lost",
    async run(world) {
      const [bare, held] = await taken(world, "a");
      await world.time.pass(overMs(world));
      const [again] = await bare.receive({ waitMs: world.lossMs * 2 });
      assert.ok(again !== undefined, "I1: the frame did not come again");
      assert.deepEqual(await bare.renew(...held), ["lost"]);
      assert.deepEqual(await bare.renew(again), ["ok"]);
    },
  },

  "over-is-lost-though-nobody-took-it": {
    cites: ["I4", "I6"],
    expects:
      "where fencing is strict, a lease that is over is lost from then on, also before the frame is given to somebody else: no renewal revives it, no ack counts",
    when: strict,
    async run(world) {
      const [bare, [a, b, c]] = (await taken(world, "a", "b", "c")) as [Bare, [Delivery, Delivery, Delivery]];
      await world.time.pass(overMs(world));
      assert.deepEqual(await bare.renew(a), ["lost"], "I6: a lease that was over is revived");
      assert.deepEqual(await bare.ack(b), ["lost"], "I4: who holds it no more was heard");
      assert.deepEqual(await bare.release(0, c), ["lost"], "I4: who holds it no more was heard");
      assert.deepEqual(textsOf(await bare.receiveAll(3, { waitMs: world.lossMs * 2 })).sort(), ["a", "b", "c"]);
    },
  },
});
