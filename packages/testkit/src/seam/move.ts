import assert from "node:assert/strict";
import type { Delivery, Move, MoveOutcome, Profile, Queue } from "@org/dispatch-core/contract";
import { area, verbs } from "../case.ts";
import { Bare, frameOf, never, REPLY, textsOf } from "../world/bare.ts";
import { hasPriorities } from "../world/lanes.ts";
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

/** Not ready, and not held either: a reply queue or one of dead letters has nothing. */
const isEmpty = async (bare: Bare, ...queues: readonly Queue[]): Promise<void> => {
  for (const queue of queues)
    assert.deepEqual(textsOf(await bare.receive({ waitMs: 0 }, queue)), [], "I1: half of a move was done");
};

const prove = (...held: readonly Delivery[]) => held.map(({ receipt }) => ({ receipt, ack: false }));
const ack = (...held: readonly Delivery[]) => held.map(({ receipt }) => ({ receipt, ack: true }));

const priorityFact = ({ priorityOrder, priorityLevels }: Profile) =>
  priorityOrder === "strict" ? `priorityLevels ${priorityLevels}` : `priorityOrder ${priorityOrder}`;

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
      const proven = { receipts: prove(a), sends: [{ queue: REPLY, frame: frameOf("one") }] };
      assert.deepEqual(await move(world, bare, proven), ["ok"]);
      assert.deepEqual(await bare.renew(a), ["ok"]);
      await bare.ack(b);
      const stale = { receipts: [...proven.receipts, ...ack(b)], sends: [{ queue: REPLY, frame: frameOf("two") }] };
      assert.deepEqual(await move(world, bare, stale), [{ lost: [b.receipt] }]);
      assert.deepEqual(textsOf(await bare.receive({}, REPLY)), ["one"]);
      assert.deepEqual(await bare.ack(a), ["ok"]);
    },
  },

  "too-late-moves-nothing": {
    cites: ["I1", "I4", "I6"],
    expects:
      "a holder whose lease is over moves nothing, whether it acks or only proves, and not with what it holds beside it; who has the frame now keeps it",
    when: verbs("move"),
    async run(world) {
      const [bare, [a, b]] = (await taken(world, "a", "b")) as [Bare, [Delivery, Delivery]];
      await world.time.pass(world.leaseMs + world.slackMs);
      const other = await Bare.open(world, [WORK]);
      // For long: all of them are held to the end.
      const current = await other.receiveAll(2, { waitMs: world.lossMs * 2, leaseMs: world.leaseMs * 10 });
      assert.deepEqual(textsOf(current).sort(), ["a", "b"], "I1: the frames did not come again");
      await bare.send(["c"]);
      const [c] = (await bare.receive({ leaseMs: world.leaseMs * 10 })) as [Delivery];
      const sends = [REPLY, DEAD].map((queue) => ({ queue, frame: frameOf(`to ${queue.role}`, { first: false }) }));
      const moves = [ack(a), prove(b), [...ack(c), ...prove(a)]].map((receipts) => ({ receipts, sends }));
      const lost = [a, b, a].map(({ receipt }) => ({ lost: [receipt] }));
      assert.deepEqual(await move(world, bare, ...moves), lost, "I4: a stale holder was heard");
      await isEmpty(bare, REPLY, DEAD);
      assert.deepEqual(await bare.renew(c), ["ok"], "I1: half of a move was done");
      assert.deepEqual(await other.renew(...current), ["ok", "ok"], "I4: a stale holder has taken the frame away");
      assert.deepEqual(await other.ack(...current), ["ok", "ok"]);
    },
  },

  "keeps-priorities": {
    cites: ["I13"],
    expects: "what is moved keeps its priority: of the copies of one move the highest comes first",
    when: (profile) => (hasPriorities(profile) ? verbs("move")(profile) : priorityFact(profile)),
    async run(world) {
      const [bare, held] = await taken(world, "a");
      const sends = [1, 9, 5].map((priority) => ({
        queue: WORK,
        frame: frameOf(`at ${priority}`, { first: false, priority }),
      }));
      assert.deepEqual(await move(world, bare, { receipts: ack(...held), sends }), ["ok"]);
      assert.deepEqual(textsOf(await bare.receiveAll(3, { max: 1 })), ["at 9", "at 5", "at 1"]);
    },
  },

  "many-frames-all-or-nothing": {
    cites: ["I1", "I4"],
    expects: "a move with one queue that is gone does nothing at all",
    when: (profile) => (profile.knowsGone ? verbs("move", "remove")(profile) : "knowsGone false"),
    async run(world) {
      const [bare, [a, b]] = (await taken(world, "a", "b")) as [Bare, [Delivery, Delivery]];
      const sends = ["x", "y", "z"].map((text) => ({ queue: DEAD, frame: frameOf(text, { first: false }) }));
      const gone = { ...REPLY, name: "never-was" };
      const toNobody = { receipts: ack(a, b), sends: [...sends, { queue: gone, frame: frameOf("result") }] };
      assert.deepEqual(await move(world, bare, toNobody), [{ gone: [gone] }]);
      await isEmpty(bare, DEAD);
      assert.deepEqual(await bare.renew(a, b), ["ok", "ok"]);
      assert.deepEqual(await move(world, bare, { receipts: ack(a, b), sends }), ["ok"]);
      assert.deepEqual(textsOf(await bare.receiveAll(3, {}, DEAD)).sort(), ["x", "y", "z"]);
    },
  },
});
