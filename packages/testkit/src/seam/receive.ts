import assert from "node:assert/strict";
import { type Delivery, queueKey } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { Bare, never, OTHER, REPLY, textsOf } from "../world/bare.ts";
import { QUEUE, WORK, type World } from "../world/world.ts";

const many = (count: number) => Array.from({ length: count }, (_, index) => `frame-${index}`);

const want = (world: World, max: number, waitMs: number) => ({ max, waitMs, leaseMs: world.leaseMs });

/** Opening queues, and taking frames from them. */
export const seamReceiveCases = [
  ...area("seam", "open", {
    "told-queues-receive-from-then-on": {
      cites: ["I1"],
      expects: "when open has resolved, whatever is sent to the queues it was told will be received",
      async run(world) {
        const bare = await Bare.open(world, [WORK, REPLY]);
        await bare.send(["task"]);
        await bare.send(["result"], REPLY);
        assert.deepEqual(textsOf(await bare.receive()), ["task"]);
        assert.deepEqual(textsOf(await bare.receive({}, REPLY)), ["result"]);
      },
    },

    "called-again-adds": {
      cites: ["I1"],
      expects: "open may be called again to add queues; those from before stay as they are",
      async run(world) {
        const bare = await Bare.open(world, [WORK]);
        await bare.send(["before"]);
        const [held] = await bare.receive();
        await bare.openMore([REPLY]);
        await bare.send(["result"], REPLY);
        assert.deepEqual(textsOf(await bare.receive({}, REPLY)), ["result"]);
        assert.deepEqual(await bare.ack(held as NonNullable<typeof held>), ["ok"]);
      },
    },

    "without-create-works-or-is-refused": {
      cites: ["I1"],
      expects:
        "where queues may not be made, open either works, or says MISSING of all of them, makes none, and can be called again",
      async run(world) {
        const bare = Bare.unopened(world);
        const refusal = await bare.refusal();
        if (refusal !== undefined) {
          assert.equal(refusal.code, "MISSING", `open says ${refusal.code}: ${refusal.detail}`);
          const { missing = [WORK, OTHER] } = refusal;
          assert.deepEqual(missing.map(queueKey).sort(), [WORK, OTHER].map(queueKey).sort());
          assert.equal(
            (await Bare.unopened(world).refusal())?.code,
            "MISSING",
            "open has made what it says is missing",
          );
          await bare.openMore([WORK]);
        }
        assert.deepEqual(await bare.send(["task"]), ["ok"]);
        assert.deepEqual(textsOf(await bare.receive()), ["task"], "I1: open has left a queue that does not work");
      },
    },
  }),

  ...area("seam", "receive", {
    "max-never-exceeded": {
      cites: ["I6"],
      expects: "a receive brings at most max frames, also one that waited",
      async run(world) {
        const bare = await Bare.open(world);
        await bare.send(many(20));
        for (const max of [1, 2, 3, 7]) {
          const got = await bare.receive({ max });
          assert.ok(got.length >= 1 && got.length <= max, `${got.length} frames for max ${max}`);
        }
        await bare.ack(...(await bare.receiveAll(20)));
        const waiting = bare.backend.receive(WORK, want(world, 2, world.leaseMs), never);
        await bare.send(["late-1", "late-2", "late-3", "late-4"]);
        const got = await world.time.wait(waiting, "the waiting receive answers");
        assert.ok(got.length >= 1 && got.length <= 2, `${got.length} frames for max 2`);
      },
    },

    "max-zero-takes-credit-back": {
      cites: ["I1", "I6"],
      expects: "max 0 brings nothing, and whatever was taken in advance is given back for others",
      async run(world) {
        const bare = await Bare.open(world);
        await bare.send(many(10));
        const [held] = await bare.receive({ max: 1 });
        assert.deepEqual(await bare.receive({ max: 0 }), []);
        const other = await Bare.open(world);
        const rest = [...(await other.receiveAll(9, { max: 9 }))];
        const { sharing } = world.profile;
        if (sharing === "message") assert.equal(rest.length, 9, "I1: frames that nobody asked for were kept");
        assert.deepEqual(await bare.ack(held as NonNullable<typeof held>), ["ok"]);
        // A partition has one holder: what lies in that of the held frame is for others when that is done, and they have heard of it.
        const waitMs = world.lossMs;
        if (sharing === "partition") rest.push(...(await other.receiveAll(9 - rest.length, { max: 9, waitMs })));
        assert.deepEqual(textsOf([held as NonNullable<typeof held>, ...rest]).sort(), many(10).sort());
      },
    },

    "max-zero-counts-nothing": {
      cites: ["I1", "I8"],
      expects: "what was on its way, or here for nobody, when credit was taken back shows no holder that it never had",
      async run(world) {
        const bare = await Bare.open(world);
        const sent = many(200);
        await bare.send(sent);
        const taken: Delivery[] = [];
        // Acks make room for more, in the moment in which nothing is wanted any more.
        for (let round = 0; round < 8; round += 1) {
          const some = await bare.receive();
          taken.push(...some);
          await Promise.all([bare.ack(...some), bare.receive({ max: 0 })]);
        }
        const rest = await bare.receiveAll(sent.length - taken.length, { max: 100, waitMs: world.lossMs });
        const all = [...taken, ...rest];
        assert.deepEqual(textsOf(all).sort(), sent.sort(), "I1: not each frame came, and once");
        const counted = all.filter(({ redelivery }) => redelivery > 0).length;
        assert.equal(counted, 0, `I8: ${counted} frames show a holder that was lost, and nobody had them`);
      },
    },

    "empty.answers-within-wait": {
      cites: ["L1"],
      expects: "a receive of an empty queue answers with nothing when its wait is over, not later and not at once",
      async run(world) {
        const bare = await Bare.open(world);
        const startedAt = world.clock.now();
        assert.deepEqual(await bare.receive({ waitMs: 500 }), []);
        const tookMs = world.clock.now() - startedAt;
        const most = 500 + world.profile.pollMs + world.slackMs;
        assert.ok(tookMs >= 450 && tookMs <= most, `answered after ${tookMs} ms, the wait was 500 ms`);
        assert.deepEqual(await bare.receive({ waitMs: 0 }), []);
      },
    },

    "wakes-on-send": {
      cites: ["L1"],
      expects: "a receive that waits is answered when a frame comes, not at the end of its wait",
      async run(world) {
        const bare = await Bare.open(world);
        const waitMs = world.leaseMs * 2;
        const waiting = bare.backend.receive(WORK, want(world, 5, waitMs), never);
        await world.time.pass(50);
        const sentAt = world.clock.now();
        await bare.send(["a"]);
        assert.deepEqual(textsOf(await world.time.wait(waiting, "the waiting receive answers")), ["a"]);
        assert.ok(world.clock.now() - sentAt < waitMs / 2, "answered late");
      },
    },

    "abort-strands-nothing": {
      cites: ["I1", "I6"],
      expects:
        "an abort ends the waiting without a throw; what was granted already is returned, what was not is there for others",
      async run(world) {
        const bare = await Bare.open(world);
        const controller = new AbortController();
        const waiting = bare.backend.receive(WORK, want(world, 5, world.leaseMs * 2), controller.signal);
        await world.time.pass(20);
        controller.abort();
        const granted = await world.time.wait(waiting, "an aborted receive answers");
        assert.deepEqual(granted, []);
        assert.deepEqual(
          await bare.receive({}, WORK, controller.signal),
          [],
          "an abort before the call is no throw either",
        );
        await bare.send(["a", "b"]);
        const got = await bare.receiveAll(2, { waitMs: world.profile.pollMs + 100 });
        assert.deepEqual(textsOf(got).sort(), ["a", "b"], "I1: a frame went to nobody");
      },
    },

    "twenty-receivers.no-double-grant": {
      cites: ["I1", "I6"],
      expects: "of many receivers at once, each frame goes to one",
      async run(world) {
        const sender = await Bare.open(world);
        const bares = await Promise.all(Array.from({ length: 4 }, () => Bare.open(world)));
        await sender.send(many(200));
        let taken = 0;
        const all = await Promise.all(
          Array.from({ length: 20 }, async (_, index) => {
            const { backend } = bares[index % bares.length] as Bare;
            const mine: string[] = [];
            for (;;) {
              // Nothing is acked: what comes again after its lease would never end.
              const got = await backend.receive(WORK, { ...want(world, 5, 50), leaseMs: world.leaseMs * 10 }, never);
              // Nothing in time does not mean that nothing is there: another one may have been quicker.
              if (got.length === 0 && taken >= 200) return mine;
              taken += got.length;
              mine.push(...textsOf(got));
            }
          }).map((receiver) => world.time.wait(receiver, "a receiver ends")),
        );
        assert.deepEqual(all.flat().sort(), many(200).sort());
      },
    },

    "queues-isolated": {
      cites: ["I2"],
      expects: "what is sent to one queue comes from that queue only",
      async run(world) {
        const bare = await Bare.open(world);
        await bare.send(["mine"]);
        assert.deepEqual(await bare.receive({}, OTHER), []);
        assert.deepEqual(await bare.receive({}, REPLY), []);
        await bare.send(["theirs"], OTHER);
        assert.deepEqual(textsOf(await bare.receive()), ["mine"]);
        assert.deepEqual(textsOf(await bare.receive({}, OTHER)), ["theirs"]);
      },
    },

    "namespaces-isolated": {
      cites: ["I2"],
      expects: "what is sent in one namespace is not seen in another",
      async run(world) {
        const bare = await Bare.open(world);
        const other = world.elsewhere();
        const { leaseMs, clock, time } = world;
        const open = { receive: [WORK], send: [WORK], create: true, leaseMs, clock };
        await time.wait(other.open(open, never), "open answers");
        await bare.send(["mine"]);
        assert.deepEqual(await time.wait(other.receive(WORK, want(world, 5, 100), never), "receive answers"), []);
        assert.deepEqual(textsOf(await bare.receive()), ["mine"], `${QUEUE} of another namespace took it`);
      },
    },
  }),
];
