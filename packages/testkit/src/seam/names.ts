import assert from "node:assert/strict";
import { type Backend, type Queue, queueKey } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { frameOf, never, textsOf } from "../world/bare.ts";
import { DEAD, WORK, type World } from "../world/world.ts";

/** What a name may hold beside letters and digits, and what brokers join names with. */
const JOINTS = [".", "-", "_"];
/** Names that are one where a broker drops or folds what it does not take. */
const ALIKE = ["ab", "AB", ...JOINTS.map((joint) => `a${joint}b`)];
/** The longest name there may be, and another one that begins as it does. */
const LONGEST = ["y", "z"].map((last) => "x".repeat(127) + last);

const work = (of: string, name = "normal"): Queue => ({ role: "work", name, of });
const reply = (of: string, name: string): Queue => ({ role: "reply", name, of });

/** The parts of a queue, and other queues that are called as an adapter may call these parts. */
const PARTS: readonly Queue[] = [
  work("jobs", "high"),
  reply("jobs", "b"),
  { ...DEAD, of: "jobs" },
  { role: "later", name: "later", of: "jobs" },
  ...JOINTS.flatMap((joint) => [
    ...["high", "dead", "later"].map((part) => work(`jobs${joint}${part}`)),
    work(`jobs${joint}reply${joint}b`),
    reply(`jobs${joint}reply`, "b"),
    reply("jobs", `reply${joint}b`),
  ]),
];

const QUEUES: readonly Queue[] = [
  ...[...ALIKE, ...LONGEST].map((of) => work(of)),
  ...[...ALIKE, ...LONGEST].map((id) => reply("replies", id)),
  ...PARTS,
];

/** Where core makes tiers. */
const TIERS: readonly Queue[] = [
  { role: "tier", name: "100", of: "" },
  ...JOINTS.map((joint) => work(`tier${joint}100`)),
];

/** A queue, and the backend that it is to be reached by. */
interface Spot {
  readonly backend: Backend;
  readonly queue: Queue;
  /** For the frames that belong there. */
  readonly name: string;
}

/** Opens it, unless it is refused: a name that a broker cannot hold, or that is another one's there, is better refused than mixed up. */
const isOpened = async (world: World, { backend, queue, name }: Spot): Promise<boolean> => {
  const { leaseMs, clock, time } = world;
  try {
    await time.wait(
      backend.open({ receive: [queue], send: [queue], create: true, leaseMs, clock }, never),
      "open answers",
    );
    return true;
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    const { code } = backend.classify(error);
    assert.equal(code, "MISMATCH", `open refuses ${name} with ${code}`);
    return false;
  }
};

/** What is there, as far as it has come when it is as much as was sent there. */
const readAll = async (world: World, { backend, queue }: Spot, count: number): Promise<string[]> => {
  const texts: string[] = [];
  const want = { max: 10, waitMs: world.lossMs, leaseMs: world.leaseMs };
  while (texts.length < count) {
    const some = await world.time.wait(backend.receive(queue, want, never), "receive answers");
    if (some.length === 0) break;
    texts.push(...textsOf(some));
  }
  return texts.sort();
};

/** Each has what was sent to it, and nothing else. */
const areApart = async (world: World, spots: readonly Spot[]): Promise<void> => {
  const open: Spot[] = [];
  for (const spot of spots) if (await isOpened(world, spot)) open.push(spot);
  // There and back, so that no queue that is two has the frames of one before those of the other.
  for (const [turn, some] of [open, open.toReversed()].entries())
    for (const { backend, queue, name } of some)
      await world.time.wait(backend.send(queue, [frameOf(`${turn} ${name}`)], never), "send answers");
  await Promise.all(
    open.map(async (spot) => {
      const expected = [`0 ${spot.name}`, `1 ${spot.name}`];
      assert.deepEqual(await readAll(world, spot, expected.length), expected, `I2: ${spot.name} is another one, too`);
    }),
  );
};

/** Names: whatever differs is something else. */
export const seamNameCases = area("seam", "names", {
  "queues-that-differ-anywhere": {
    cites: ["I1", "I2"],
    expects:
      "two queues that differ anywhere (a dot, a dash, an underscore, upper case, the last of 128 characters, the role) are two queues; a name that cannot be one is refused as MISMATCH by open",
    async run(world) {
      const { backend } = world.process("names");
      const { sendDelayMs, releaseDelayMs } = world.profile;
      const hasTiers = sendDelayMs === 0 && releaseDelayMs === 0;
      await areApart(
        world,
        [...QUEUES, ...(hasTiers ? TIERS : [])].map((queue) => ({ backend, queue, name: queueKey(queue) })),
      );
    },
  },

  "namespaces-that-differ-anywhere": {
    cites: ["I1", "I2"],
    expects:
      "two namespaces that differ anywhere are two; one that cannot be is refused, by the backend when it is made or as MISMATCH by open",
    async run(world) {
      const spots: Spot[] = [];
      for (const name of ALIKE) {
        try {
          spots.push({ backend: world.elsewhere(name), queue: WORK, name });
        } catch (error) {
          assert.equal((error as { readonly code?: unknown }).code, "CONFIG_INVALID", `${name}: ${String(error)}`);
        }
      }
      await areApart(world, spots);
    },
  },
});
