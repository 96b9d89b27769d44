import { VirtualClock } from "@org/dispatch-core";
import { describe, expect, it } from "vitest";
import { kafka } from "./index.ts";
import type { LogLink } from "./port.ts";
import { acks, frames, LEASE_MS, never, textsOf, WORK } from "./testing/opened.ts";
import { PlayedKafka, PlayedPort } from "./testing/played-kafka.ts";
import { until as untilOn } from "./testing/until.ts";

/** A worker that has met "a" and released it again, and whose link the test bends. */
async function bench(bend: (link: LogLink) => Partial<LogLink>) {
  const clock = new VirtualClock();
  const port = new PlayedPort(new PlayedKafka(clock));
  const link = port.link.bind(port);
  port.link = () => {
    const made = link();
    return Object.assign(made, bend(made));
  };
  const backend = kafka({ port, namespace: "n", partitions: 1 });
  const until = <T>(answer: Promise<T>): Promise<T> => untilOn(clock, answer);
  await until(backend.open({ receive: [WORK], send: [], create: true, leaseMs: LEASE_MS, clock }, never));
  const send = (...texts: readonly string[]) => until(backend.send(WORK, frames(...texts), never));
  const take = (max = 10) => until(backend.receive(WORK, { max, waitMs: 2_000, leaseMs: LEASE_MS }, never));
  const purge = () => until(backend.purge(WORK, never));
  await send("a");
  const held = await take();
  expect(textsOf(held)).toEqual(["a"]);
  return { clock, backend, until, send, take, purge, held };
}

describe("a purge", () => {
  it("also forgets what a fetch brings that was under way", async () => {
    let gate = Promise.resolve();
    const { clock, send, take, purge } = await bench((link) => {
      const fetch = link.fetch.bind(link);
      return {
        async fetch(...asked) {
          const answer = await fetch(...asked);
          await gate;
          return answer;
        },
      };
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    await send("b", "c");
    await clock.advance(1_000);
    expect(await purge()).toBe(2);
    resolve();
    gate = Promise.resolve();
    expect(await take()).toEqual([]);
    await send("d");
    expect(textsOf(await take())).toEqual(["d"]);
  });

  it("keeps what comes while it is under way, and what was given back of it", async () => {
    let meanwhile = async () => {};
    const { clock, backend, until, send, take, purge, held } = await bench((link) => {
      const deleteBelow = link.deleteBelow.bind(link);
      return {
        async deleteBelow(places) {
          await deleteBelow(places);
          await meanwhile();
        },
      };
    });
    meanwhile = async () => {
      await backend.send(WORK, frames("b", "c"), never);
      const [b] = await backend.receive(WORK, { max: 1, waitMs: 2_000, leaseMs: LEASE_MS }, never);
      if (b !== undefined) await backend.settle([{ kind: "release", receipt: b.receipt, delayMs: 0 }], never);
    };
    expect(await purge()).toBe(0);
    expect(textsOf([...(await take()), ...(await take())])).toEqual(["b", "c"]);
    expect(await until(backend.settle(acks(...held), never))).toEqual(["ok"]);
    await send("d");
    await clock.advance(1_000);
    expect(textsOf(await take())).toEqual(["d"]);
  });
});
