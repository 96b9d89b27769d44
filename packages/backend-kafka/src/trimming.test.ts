import { VirtualClock } from "@org/dispatch-core";
import type { Delivery } from "@org/dispatch-core/contract";
import { describe, expect, it } from "vitest";
import { kafka } from "./index.ts";
import { acks, frames, LEASE_MS, never, WORK } from "./testing/opened.ts";
import { refused } from "./testing/played-group.ts";
import { PlayedKafka, PlayedPort } from "./testing/played-kafka.ts";
import { until as untilOn } from "./testing/until.ts";

/** So many are done from one deletion to the next. */
const STEP = 10_000;

/** A worker alone, of a broker that refuses to delete records with the error that the test names; `tries`: where its log began at each. */
async function bench() {
  const clock = new VirtualClock();
  const broker = new PlayedKafka(clock);
  const port = new PlayedPort(broker);
  const backend = kafka({ port, partitions: 1, namespace: "n" });
  const until = <T>(answer: Promise<T>): Promise<T> => untilOn(clock, answer);
  await until(backend.open({ receive: [WORK], send: [WORK], create: true, leaseMs: LEASE_MS, clock }, never));
  const place = { topic: "n.default", partition: 0 };
  const tries: number[] = [];
  const refusal: { type?: string } = {};
  const low = () => broker.partition(place).low;
  port.deleting = () => {
    tries.push(low());
    if (refusal.type !== undefined) throw refused(refusal.type);
  };
  /** So many tasks come, and are done. */
  const work = async (count: number) => {
    for (let done = 0; done < count; ) {
      await until(backend.send(WORK, frames(...Array.from({ length: 500 }, (_, at) => `${done + at}`)), never));
      for (let left = 500; left > 0; ) {
        const receiving = backend.receive(WORK, { max: 500, waitMs: 2_000, leaseMs: LEASE_MS }, never);
        const held: readonly Delivery[] = await until(receiving);
        await until(backend.settle(acks(...held), never));
        left -= held.length;
      }
      done += 500;
    }
    await clock.advance(backend.profile.ackLagMs * 2);
  };
  return { broker, port, refusal, tries, low, work, close: () => until(backend.close()) };
}

describe("what is done leaves the log", () => {
  it.each(["NETWORK_EXCEPTION", "NOT_LEADER_FOR_PARTITION", "REQUEST_TIMED_OUT"])(
    "with what is due next, where the broker failed for a while (%s), and is not asked more often meanwhile",
    async (type) => {
      const { refusal, tries, low, work, close } = await bench();
      refusal.type = type;
      await work(STEP * 2 + STEP / 2);
      expect([tries, low()]).toEqual([[0, 0], 0]);
      delete refusal.type;
      await work(STEP);
      expect(tries).toEqual([0, 0, 0]);
      expect(low()).toBeGreaterThanOrEqual(STEP * 3);
      await close();
    },
  );

  it("at an orderly end, where the broker failed the last time", async () => {
    const { refusal, tries, low, work, close } = await bench();
    refusal.type = "NETWORK_EXCEPTION";
    await work(STEP);
    expect([tries.length, low()]).toEqual([1, 0]);
    delete refusal.type;
    await close();
    expect(low()).toBe(STEP);
  });

  it("never where the broker denies it, which is asked for once", async () => {
    const { refusal, tries, low, work, close } = await bench();
    refusal.type = "TOPIC_AUTHORIZATION_FAILED";
    await work(STEP * 3);
    delete refusal.type;
    await close();
    expect([tries, low()]).toEqual([[0], 0]);
  });
});
