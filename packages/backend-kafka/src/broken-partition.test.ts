import { VirtualClock } from "@org/dispatch-core";
import type { Queue } from "@org/dispatch-core/contract";
import { describe, expect, it } from "vitest";
import { kafka } from "./index.ts";
import { frames, LEASE_MS, never, textsOf, WORK } from "./testing/opened.ts";
import { PlayedKafka, PlayedPort } from "./testing/played-kafka.ts";
import { until as untilOn } from "./testing/until.ts";

const LOW: Queue = { role: "work", name: "low", of: "default" };

/** A backend with two lanes, one partition each, on one broker. */
async function bench() {
  const clock = new VirtualClock();
  const broker = new PlayedKafka(clock);
  const port = new PlayedPort(broker);
  const until = <T>(answer: Promise<T>): Promise<T> => untilOn(clock, answer);
  const open = async (create = true) => {
    const backend = kafka({ port, namespace: "n", partitions: 1 });
    await until(backend.open({ receive: [WORK, LOW], send: [], create, leaseMs: LEASE_MS, clock }, never));
    return backend;
  };
  const backend = await open();
  const send = (queue: Queue, ...texts: readonly string[]) => until(backend.send(queue, frames(...texts), never));
  const take = (queue: Queue, waitMs = 2_000) => backend.receive(queue, { max: 10, waitMs, leaseMs: LEASE_MS }, never);
  return { clock, broker, port, backend, until, open, send, take };
}

describe("a partition that cannot be read", () => {
  it("stops no other, tells whoever receives from its topic, and rests longer each time", async () => {
    const { clock, broker, until, send, take } = await bench();
    await until(Promise.all([take(WORK), take(LOW)]));
    const low = broker.topics.get("n.default.low") ?? [];
    broker.topics.delete("n.default.low");
    const [normal, refused] = await Promise.all([send(WORK, "a", "b").then(() => until(take(WORK))), until(take(LOW, 5_000)).then(() => "nothing", (error: unknown) => error)]); // biome-ignore format: one line
    expect(textsOf(normal)).toEqual(["a", "b"]);
    expect(refused).toMatchObject({ type: "UNKNOWN_TOPIC_OR_PARTITION" });
    let errors = 0;
    for (const endMs = clock.now() + 20_000; clock.now() < endMs; )
      await until(take(LOW, 20_000)).catch(() => {
        errors += 1;
      });
    expect(errors).toBeGreaterThan(2);
    expect(errors).toBeLessThan(12);
    // It is back.
    broker.topics.set("n.default.low", low);
    await send(LOW, "c");
    let found = await until(take(LOW, 10_000)).catch(() => []);
    if (found.length === 0) found = await until(take(LOW, 10_000));
    expect(textsOf(found)).toEqual(["c"]);
  });

  it("is told of also to a member that joins later, and has nothing of its topic", async () => {
    const { broker, until, send, take, open } = await bench();
    await until(Promise.all([take(WORK), take(LOW)]));
    const other = await open();
    broker.topics.delete("n.default.low");
    const refused = until(other.receive(LOW, { max: 10, waitMs: 2_000, leaseMs: LEASE_MS }, never)).catch((error: unknown) => other.classify(error).code); // biome-ignore format: one line
    expect(await refused).toBe("MISSING");
    await send(WORK, "a");
    expect(textsOf([...(await until(take(WORK))), ...(await until(other.receive(WORK, { max: 10, waitMs: 2_000, leaseMs: LEASE_MS }, never)))])).toEqual(["a"]); // biome-ignore format: one line
  });

  it("is refused at the start where its topic is compressed by what there is no codec for", async () => {
    const { broker, backend, open } = await bench();
    broker.settings.set("n.default.low", new Map([["compression.type", "lz4"]]));
    const error = await open(false).catch((failed: unknown) => failed);
    expect(backend.classify(error).code).toBe("MISMATCH");
    expect((error as Error).message).toMatch(/"n.default.low" is compressed by lz4/);
  });
});
