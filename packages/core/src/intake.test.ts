import { describe, expect, it } from "vitest";
import { BodyCodec } from "./codec/body.ts";
import { hopFrame, type Waiting } from "./codec/hop.ts";
import { replyFrame } from "./codec/maker.ts";
import type { Delivery, DispatchEvent, Profile, Queue } from "./contract/index.ts";
import { Intake } from "./intake.ts";
import { Keeper } from "./lease/keeper.ts";
import { deadQueue, laterQueue, tierQueue, workQueue } from "./queues.ts";
import { decoded, frameOf, outFrame } from "./testing/frames.ts";
import { BrokerError, deliveriesOf, scripted } from "./testing/scripted-backend.ts";

const LEASE_MS = 3_000;
const MARGIN_MS = 300;
const WORK = workQueue("default", "high");

function bench(profile: Partial<Profile> = {}) {
  const world = scripted(profile);
  const { calls, clock, random, backend } = world;
  const codec = new BodyCodec({ profile: backend.profile, clock, random });
  const events: DispatchEvent[] = [];
  const lost: string[] = [];
  const keeper = new Keeper({ calls, clock, random, leaseMs: LEASE_MS, onBeat: () => {} });
  const intake = new Intake({
    calls,
    clock,
    keeper,
    observer: (event) => events.push(event),
    leaseMs: LEASE_MS,
    dead: deadQueue("default"),
    codec,
    lost: (hold, why) => lost.push(`${hold.frame.first} ${why}`),
  });
  const take = async (queue: Queue, deliveries: readonly Delivery[], requestedAt = clock.now()) => {
    const holds = await intake.holds(queue, deliveries, requestedAt);
    return holds.map(({ frame, lost: losses, deadline }) => ({ first: frame.first, losses, deadline }));
  };
  return { ...world, intake, events, lost, keeper, take };
}

const tasks = (count: number) => deliveriesOf(Array.from({ length: count }, (_, index) => outFrame({ index })));

describe("what a receive brought", () => {
  it("is held under a lease that counts from the request", async () => {
    const { take, clock, keeper, backend } = bench();
    await clock.advance(900);
    const deadline = 100 + LEASE_MS - MARGIN_MS;
    expect(await take(WORK, tasks(2), 100)).toEqual([
      { first: 0, losses: 0, deadline },
      { first: 1, losses: 0, deadline },
    ]);
    expect([keeper.size, backend.log]).toEqual([2, []]);
  });

  it("carries the losses of the frame and of the broker", async () => {
    const { take } = bench();
    const bytes = hopFrame(frameOf(), { round: 0, attempt: 1, copy: 0, lost: 2 }, 0, undefined).bytes;
    const [delivery] = deliveriesOf([{ bytes }]);
    expect((await take(WORK, [{ ...(delivery as Delivery), redelivery: 3 }]))[0]?.losses).toBe(5);
  });

  it("late is renewed first: what is lost is left out, the rest counts from the renewal", async () => {
    const { take, clock, backend, keeper } = bench();
    backend.onRenew = (receipts) => receipts.map((_, index) => (index === 1 ? "lost" : "ok"));
    await clock.advance(1_001);
    const deadline = 1_001 + LEASE_MS - MARGIN_MS;
    expect(await take(WORK, tasks(3), 0)).toEqual([
      { first: 0, losses: 0, deadline },
      { first: 2, losses: 0, deadline },
    ]);
    expect([keeper.size, backend.log]).toEqual([2, ["renew 0 1 2"]]);
  });

  it("tells of a lease that is over later on", async () => {
    const { take, clock, backend, lost } = bench();
    backend.onRenew = (receipts) => receipts.map(() => "lost");
    await take(WORK, tasks(1));
    await clock.advance(LEASE_MS);
    expect(lost).toEqual(["0 fenced"]);
  });

  it("says of each task for which lane it is, unless the frame itself does", async () => {
    const { intake } = bench();
    const waiting = { queue: "mails", lane: "low", dueAt: 5, leaveAt: 5 };
    const [plain] = await intake.holds(WORK, tasks(1), 0);
    const [waits] = await intake.holds(tierQueue(100), deliveriesOf([outFrame({ waiting })]), 0);
    expect([plain, waits].map((hold) => [hold?.frame.queue, hold?.frame.lane])).toEqual([
      ["default", "high"],
      ["mails", "low"],
    ]);
  });
});

describe("what does not belong there", () => {
  const reply = deliveriesOf([replyFrame('{"worker":"w","results":[],"probes":[]}', 0)]);
  const noise = deliveriesOf([{ bytes: new TextEncoder().encode("no frame of ours") }]);
  const waits = deliveriesOf([outFrame({ waiting: { queue: "q", lane: "low", dueAt: 5, leaveAt: 5 } })]);

  const nowhere = { queue: undefined, lane: undefined, dueAt: 5, leaveAt: 5 } as unknown as Waiting;

  it.each([
    ["noise in a work queue", WORK, noise],
    ["noise in a tier", tierQueue(100), noise],
    ["a result in a work queue", WORK, reply],
    ["a result in a tier", tierQueue(100), reply],
    ["a task that waits for no time in a tier", tierQueue(100), tasks(1)],
    [
      "a task for no queue in a tier",
      tierQueue(100),
      deliveriesOf([outFrame({ waiting: { ...nowhere, lane: "low" } })]),
    ],
    ["a task for no lane in a tier", tierQueue(100), deliveriesOf([outFrame({ waiting: { ...nowhere, queue: "q" } })])],
    ["a task that waits for no time in a later queue", laterQueue("default"), tasks(1)],
  ] as const)("goes to the dead letters, and is not held: %s", async (_, queue, deliveries) => {
    const { take, backend, keeper, events } = bench();
    expect(await take(queue, [...waits.slice(0, queue.role === "work" ? 0 : 1), ...deliveries])).toHaveLength(
      queue.role === "work" ? 0 : 1,
    );
    expect(keeper.size).toBe(queue.role === "work" ? 0 : 1);
    expect(backend.sent.map((one) => [one.queue.role, decoded(one.frame.bytes).death?.reason])).toEqual([
      ["dead", "FRAME_INVALID"],
    ]);
    expect(events).toMatchObject([{ event: "frame_rejected", queue: "default", code: "FRAME_INVALID" }]);
  });

  it("is sent first and acked second where the broker has no move", async () => {
    const { take, backend, clock } = bench({ verbs: [] });
    await take(WORK, noise);
    await clock.settle();
    expect(backend.log).toEqual(["send dead/dead", "ack 0"]);
  });

  it("stays where it is when the dead letters cannot be reached: nothing is acked", async () => {
    const { take, backend, clock } = bench({ verbs: [] });
    backend.onSend = () => {
      throw new BrokerError("DENIED");
    };
    await take(WORK, noise);
    await clock.advance(LEASE_MS);
    expect(backend.log).toEqual(["send dead/dead"]);
  });
});
