import assert from "node:assert/strict";
import type { Delivery, Move, MoveOutcome } from "@org/dispatch-core/contract";
import { area, verbs } from "../case.ts";
import { Bare, frameOf, never, REPLY, textsOf } from "../world/bare.ts";
import { DEAD, WORK, type World } from "../world/world.ts";

const taken = async (world: World, ...texts: string[]): Promise<[Bare, Delivery[]]> => {
  const bare = await Bare.open(world, [WORK, REPLY, DEAD]);
  await bare.send(texts);
  return [bare, [...(await bare.receiveAll(texts.length))]];
};

const move = async (world: World, bare: Bare, ...moves: readonly Move[]): Promise<readonly MoveOutcome[]> => {
  const answer = bare.backend.move?.(moves, never);
  assert.ok(answer !== undefined, "the profile says move, the backend has none");
  return world.time.wait(answer, "move answers");
};

const ack = (...held: readonly Delivery[]) => held.map(({ receipt }) => ({ receipt, ack: true }));

/** Ack here and send there, in one step. */
export const seamMoveCases = area("seam", "move", {
  "is-one-step": {
    cites: ["I1", "I4"],
    expects: "a move acks what it was given and sends what it was given; a holder that is too late moves nothing",
    when: verbs("move"),
    async run(world) {
      const [bare, [a, b]] = (await taken(world, "a", "b")) as [Bare, [Delivery, Delivery]];
      const copy = { queue: WORK, frame: frameOf("a-copy", { id: "a", first: false }) };
      const result = { queue: REPLY, frame: frameOf("result") };
      await bare.ack(b);
      const outcomes = await move(
        world,
        bare,
        { receipts: ack(a), sends: [copy, result] },
        { receipts: ack(b), sends: [copy] },
      );
      assert.equal(outcomes[0], "ok");
      assert.deepEqual(outcomes[1], { lost: [b.receipt] });
      assert.deepEqual(textsOf(await bare.receive()), ["a-copy"]);
      assert.deepEqual(textsOf(await bare.receive({}, REPLY)), ["result"]);
      assert.deepEqual(await bare.renew(a), ["lost"]);
    },
  },

  "proven-without-ack": {
    cites: ["I4"],
    expects: "a receipt that is only proven stays held; one that is not held any more stops the whole move",
    when: verbs("move"),
    async run(world) {
      const [bare, [a, b]] = (await taken(world, "a", "b")) as [Bare, [Delivery, Delivery]];
      const proven = {
        receipts: [{ receipt: a.receipt, ack: false }],
        sends: [{ queue: REPLY, frame: frameOf("one") }],
      };
      assert.deepEqual(await move(world, bare, proven), ["ok"]);
      assert.deepEqual(await bare.renew(a), ["ok"]);
      await bare.ack(b);
      const stale = { receipts: [...proven.receipts, ...ack(b)], sends: [{ queue: REPLY, frame: frameOf("two") }] };
      assert.deepEqual(await move(world, bare, stale), [{ lost: [b.receipt] }]);
      assert.deepEqual(textsOf(await bare.receive({}, REPLY)), ["one"]);
      assert.deepEqual(await bare.ack(a), ["ok"]);
    },
  },

  "many-frames-all-or-nothing": {
    cites: ["I1", "I4"],
    expects: "a move with one queue that is gone, or one lease that is lost, does nothing at all",
    when: (profile) => (profile.knowsGone ? verbs("move", "remove")(profile) : "knowsGone false"),
    async run(world) {
      const [bare, [a, b]] = (await taken(world, "a", "b")) as [Bare, [Delivery, Delivery]];
      const sends = ["x", "y", "z"].map((text) => ({ queue: DEAD, frame: frameOf(text, { first: false }) }));
      const gone = { ...REPLY, name: "never-was" };
      const toNobody = { receipts: ack(a, b), sends: [...sends, { queue: gone, frame: frameOf("result") }] };
      assert.deepEqual(await move(world, bare, toNobody), [{ gone: [gone] }]);
      assert.deepEqual(await bare.receive({ waitMs: 0 }, DEAD), [], "I1: half of a move was done");
      assert.deepEqual(await bare.renew(a, b), ["ok", "ok"]);
      assert.deepEqual(await move(world, bare, { receipts: ack(a, b), sends }), ["ok"]);
      assert.deepEqual(textsOf(await bare.receiveAll(3, {}, DEAD)).sort(), ["x", "y", "z"]);
    },
  },
});
