import { VirtualClock } from "@org/dispatch-core";
import { describe, expect, it } from "vitest";
import { kafka } from "./index.ts";
import type { Fetched } from "./port.ts";
import { frames, LEASE_MS, never, refusal, textsOf, WORK } from "./testing/opened.ts";
import { PlayedKafka, PlayedPort } from "./testing/played-kafka.ts";
import { until as untilOn } from "./testing/until.ts";

/** A backend of two partitions with a frame in each, and what a fetch of one that looks answers. */
async function bench(answer: (fetched: Fetched) => readonly Fetched[]) {
  const clock = new VirtualClock();
  const port = new PlayedPort(new PlayedKafka(clock));
  const until = <T>(promise: Promise<T>): Promise<T> => untilOn(clock, promise);
  const link = port.link.bind(port);
  port.link = () => {
    const made = link();
    const fetch = made.fetch.bind(made);
    made.fetch = async (...asked) => (await fetch(...asked)).flatMap(answer);
    return made;
  };
  const backend = kafka({ port, namespace: "n", partitions: 2 });
  await until(backend.open({ receive: [], send: [WORK], create: true, leaseMs: LEASE_MS, clock }, never));
  await until(backend.send(WORK, frames("a", "b"), never));
  return { backend, until };
}

describe("a look at a queue", () => {
  it("fails where a partition does not answer in time, or says why not: it never leaves out what is there", async () => {
    for (const answer of [() => [], (fetched: Fetched) => [{ ...fetched, records: [], failed: new Error("no") }]]) {
      const { backend, until } = await bench(answer);
      expect(await until(refusal(backend, backend.browse(WORK, { max: 10 }, never)))).toBe("UNAVAILABLE");
    }
  });

  it("goes on behind what is no record", async () => {
    const { backend, until } = await bench((fetched) => [{ ...fetched, records: fetched.records.slice(1), next: fetched.high }]); // biome-ignore format: one line
    expect(await until(backend.browse(WORK, { max: 10 }, never))).toEqual({ frames: [] });
    const whole = await bench((fetched) => [fetched]);
    expect(textsOf((await whole.until(whole.backend.browse(WORK, { max: 10 }, never))).frames)).toEqual(["a", "b"]);
  });
});
