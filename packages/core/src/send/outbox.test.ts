import { describe, expect, it } from "vitest";
import type { Sent } from "../call.ts";
import { DispatchError } from "../errors.ts";
import { workQueue } from "../queues.ts";
import { outFrame } from "../testing/frames.ts";
import { BrokerError, scripted } from "../testing/scripted-backend.ts";
import { Outbox } from "./outbox.ts";

/** An outbox to a queue that has room for `world.space` frames. */
function start(space: number) {
  const world = { ...scripted(), space };
  const done: Sent[] = [];
  const answered = (_: unknown, outcome: Sent) => done.push(outcome);
  const outbox = new Outbox({ ...world, queue: workQueue("default"), until: () => ({}), answered });
  world.backend.onSend = (_, frames) =>
    frames.map(() => {
      world.space -= 1;
      return world.space >= 0 ? "ok" : { failed: new BrokerError("QUEUE_FULL") };
    });
  const send = (count: number) => {
    for (let each = 0; each < count; each += 1) outbox.send({ frame: outFrame({ index: each }) });
  };
  return { world, outbox, done, send, tries: () => world.backend.log.length };
}

describe("Outbox", () => {
  it("hands frames on, and their outcomes back", async () => {
    const { world, done, send, outbox } = start(10);
    send(3);
    expect(outbox.room()).toBeUndefined();
    await world.clock.settle();
    expect(done).toEqual(["ok", "ok", "ok"]);
  });

  it("takes a queue at its bound as back-pressure: sends again until there is room, and says nothing before", async () => {
    const { world, done, send, outbox } = start(1);
    send(3);
    await world.clock.settle();
    expect(done).toEqual(["ok"]);
    let roomy = false;
    void outbox.room()?.then(() => {
      roomy = true;
    });
    await world.clock.settle();
    expect(roomy).toBe(false);
    world.space = 10;
    await world.clock.advance(10);
    expect(done).toEqual(["ok", "ok", "ok"]);
    expect(roomy).toBe(true);
    expect(outbox.room()).toBeUndefined();
    expect(world.backend.sent.map(({ frame }) => frame.name.split("/")[1])).toEqual(["0#0.0~0", "1#0.0~0", "2#0.0~0"]);
  });

  it("tries more slowly each time, and every 2 s at most", async () => {
    const { world, send, tries } = start(0);
    send(1);
    await world.clock.advance(1_000);
    const early = tries();
    await world.clock.advance(100_000);
    const late = tries() - early;
    expect(early).toBeGreaterThanOrEqual(4);
    expect(late).toBeGreaterThanOrEqual(50);
    expect(late).toBeLessThanOrEqual(110);
  });

  it("tells every other outcome as it is", async () => {
    const { world, done, send } = start(0);
    world.backend.onSend = (_, frames) =>
      frames.map((_frame, index) =>
        index === 0 ? "duplicate" : index === 1 ? "gone" : { failed: new BrokerError("DENIED") },
      );
    send(3);
    await world.clock.settle();
    expect(done.map((one) => (one instanceof DispatchError ? one.code : one))).toEqual(["duplicate", "gone", "DENIED"]);
  });

  it("loses none and doubles none over many bounds", async () => {
    const { world, done, send } = start(5);
    send(100);
    for (let round = 0; done.length < 100 && round < 1_000; round += 1) {
      world.space = 7;
      await world.clock.advance(100);
    }
    expect(done).toEqual(Array.from({ length: 100 }, () => "ok"));
    const names = world.backend.sent.map(({ frame }) => frame.name);
    expect(new Set(names).size).toBe(100);
    expect(names).toHaveLength(100);
  });
});
