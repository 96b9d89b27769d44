import { Dispatcher, defineTask, systemClock, VirtualClock, Worker } from "@org/dispatch-core";
import type { Delivery, Queue } from "@org/dispatch-core/contract";
import type { Kafka } from "kafkajs";
import { describe, expect, it } from "vitest";
import { kafka } from "./index.ts";
import { kafkajsPort } from "./kafkajs/kafkajs-port.ts";
import { partitionOf } from "./partitioning.ts";
import { acks, frames, LEASE_MS, never, REPLY, textsOf } from "./testing/opened.ts";
import { refused } from "./testing/played-group.ts";
import { PlayedKafka, PlayedPort } from "./testing/played-kafka.ts";
import { until as untilOn } from "./testing/until.ts";

/** Longer than a queue may be left alone before whoever reads it leaves. */
const IDLE_MS = 6_000;

/** The backend of a coordinator, which is open. */
async function bench(broker = new PlayedKafka(new VirtualClock())) {
  const clock = broker.clock as VirtualClock;
  const port = new PlayedPort(broker);
  const backend = kafka({ port, namespace: "n" });
  const until = <T>(answer: Promise<T>): Promise<T> => untilOn(clock, answer);
  const open = (queue: Queue = REPLY) =>
    until(backend.open({ receive: [queue], send: [], create: true, leaseMs: LEASE_MS, clock }, never));
  const send = (...texts: readonly string[]) => until(backend.send(REPLY, frames(...texts), never));
  const take = (max = 10, waitMs = 2_000): Promise<readonly Delivery[]> =>
    until(backend.receive(REPLY, { max, waitMs, leaseMs: LEASE_MS }, never));
  const ack = (held: readonly Delivery[]) => until(backend.settle(acks(...held), never));
  await open();
  return { clock, broker, port, backend, until, open, send, take, ack };
}

describe("replies that nobody reads any more", () => {
  it("keep no connection, as soon as they are told so and nothing of them is held", async () => {
    const { clock, port, send, take, ack } = await bench();
    await send("a");
    const held = await take();
    await take(0);
    await clock.settle();
    expect(port.links.size).toBe(1);
    expect(await ack(held)).toEqual(["ok"]);
    await clock.settle();
    expect(port.links.size).toBe(0);
    expect(await take(0)).toEqual([]);
    expect(port.links.size).toBe(0);
  });

  it("go on where they stood, at the next receive or after the next open", async () => {
    const { clock, port, open, send, take, ack } = await bench();
    await send("a", "b");
    const held = await take(1);
    await ack(held);
    await take(0);
    await clock.settle();
    expect(port.links.size).toBe(0);
    await send("c");
    const rest = await take();
    expect(textsOf([...held, ...rest, ...(await take())])).toEqual(["a", "b", "c"]);
    await ack(rest);
    await take(0);
    await clock.advance(IDLE_MS);
    await send("d");
    await open();
    const last = await take();
    expect(last.map(({ bytes }) => `${Buffer.from(bytes)}`)).toContain("d");
    expect(textsOf(last)).not.toContain("a");
  });

  it("are left after a pause, and a receive after it misses nothing", async () => {
    const { clock, port, send, take, ack } = await bench();
    await send("a");
    await ack(await take());
    await clock.advance(IDLE_MS);
    expect(port.links.size).toBe(0);
    await send("b");
    expect(textsOf(await take())).toEqual(["b"]);
    expect(port.links.size).toBe(1);
  });

  it("are taken up again by a receive that comes while they are being left", async () => {
    const { clock, port, send, take, ack } = await bench();
    port.commitMs = 100;
    await send("a");
    await ack(await take());
    await take(0);
    await clock.advance(20);
    await send("b");
    expect(textsOf(await take())).toContain("b");
    expect(port.links.size).toBe(1);
  });

  it("have what is done written, where the backend is closed while they are being left", async () => {
    const { clock, broker, port, backend, until, send, take, ack } = await bench();
    await send("a", "b");
    const held = await take();
    port.commitMs = 100;
    await ack(held.slice(0, 1));
    await clock.advance(backend.profile.ackLagMs + port.commitMs / 2);
    expect(broker.commits.at(-1)).toMatchObject({ topic: "n.default.reply", offset: 1 });
    // The first is being written still.
    await ack(held.slice(1));
    await take(0);
    await until(backend.close());
    expect(broker.commits.at(-1)).toMatchObject({ topic: "n.default.reply", offset: 2 });
    expect(port.links.size).toBe(0);
  });

  it("hold up no close, where the broker is silent", async () => {
    const { clock, port, backend, until, send, take, ack } = await bench();
    await send("a");
    const held = await take();
    port.isDead = true;
    await ack(held);
    await clock.advance(backend.profile.ackLagMs);
    const startedAt = clock.now();
    await until(backend.close());
    expect(clock.now() - startedAt).toBeLessThanOrEqual(2_000);
    expect(port.links.size).toBe(0);
  });

  it("are not committed again and again after the end, where each try fails late", async () => {
    const { clock, port, backend, until, send, take, ack } = await bench();
    await send("a", "b");
    const held = await take();
    let tries = 0;
    for (const link of port.links)
      link.commit = async () => {
        tries += 1;
        await new Promise<void>((resolve) => clock.after(1_000, resolve));
        throw refused("REQUEST_TIMED_OUT");
      };
    await ack(held.slice(0, 1));
    await clock.advance(backend.profile.ackLagMs + 1);
    await ack(held.slice(1));
    await until(backend.close());
    await clock.advance(60_000);
    // The one that was under way, the next one with what came since, and the last.
    expect(tries).toBeLessThanOrEqual(3);
  });

  describe("whose topic has got more partitions", () => {
    const partitions = 12;
    /** So many that its replies come in another partition: one that was there before, and one that was not. */
    const countFor = (isNew: boolean) => {
      for (let count = partitions + 1; ; count += 1) {
        const own = partitionOf(REPLY.name, count);
        if (own >= partitions === isNew && own !== partitionOf(REPLY.name, partitions)) return count;
      }
    };
    const others: Queue[] = Array.from({ length: 200 }, (_, at) => ({ ...REPLY, name: `other-${at}` }));

    it.each([true, false])("are read there, too, while it is open and after (a new one: %s)", async (isNew) => {
      const broker = new PlayedKafka(new VirtualClock());
      const { clock, port, backend, until, send, take, ack } = await bench(broker);
      await send("a");
      await ack(await take());
      broker.grow("n.default.reply", countFor(isNew));
      await send("b");
      const taking = backend.receive(REPLY, { max: 10, waitMs: 40_000, leaseMs: LEASE_MS }, never);
      const held = await until(taking);
      expect(textsOf(held)).toEqual(["b"]);
      expect(await ack(held)).toEqual(["ok"]);
      await take(0);
      await clock.settle();
      expect(port.links.size).toBe(0);
      // Who comes back under its id reads there, and goes on where it stood.
      await send("c");
      expect(textsOf(await take())).toEqual(["c"]);
    });

    it("are found by one that was away then, where it was and where they come now", async () => {
      const broker = new PlayedKafka(new VirtualClock());
      const first = await bench(broker);
      await first.send("a");
      await first.ack(await first.take());
      await first.send("b");
      await first.until(first.backend.close());
      broker.grow("n.default.reply", countFor(true));
      const other = kafka({ port: new PlayedPort(broker), namespace: "n" });
      await first.until(other.open({ receive: [], send: [REPLY], create: true, leaseMs: LEASE_MS, clock: first.clock }, never)); // biome-ignore format: one call
      await first.until(other.send(REPLY, frames("c"), never));
      const second = await bench(broker);
      const found = [...(await second.take()), ...(await second.take())];
      expect(textsOf(found)).toEqual(["b", "c"]);
    });

    it("are read from where a partition ended that has others', not from its start", async () => {
      const broker = new PlayedKafka(new VirtualClock());
      const sender = await bench(broker);
      for (const other of others) await sender.until(sender.backend.send(other, frames("other"), never));
      const { backend, until, send } = await bench(broker);
      const count = countFor(false);
      const own = partitionOf(REPLY.name, count);
      const end = broker.partition({ topic: "n.default.reply", partition: own }).records.length;
      expect(end).toBeGreaterThan(0);
      broker.grow("n.default.reply", count);
      await send("b");
      expect(textsOf(await until(backend.receive(REPLY, { max: 10, waitMs: 40_000, leaseMs: LEASE_MS }, never)))).toEqual(["b"]); // biome-ignore format: one call
      const begun = broker.commits.find(({ partition }) => partition === own);
      expect(begun?.offset).toBe(end);
    });
  });

  it("end a receive that waits when the backend is closed", async () => {
    const { clock, backend, until } = await bench();
    const receiving = backend.receive(REPLY, { max: 1, waitMs: 500, leaseMs: LEASE_MS }, never);
    await clock.advance(10);
    await until(backend.close());
    expect(await until(receiving)).toEqual([]);
  });
});

it("dispatchers that come and go over one backend leave no connection behind", async () => {
  const broker = new PlayedKafka(systemClock());
  const task = defineTask<number, number>({ name: "default", handler: (n) => n });
  const working = kafka({ port: new PlayedPort(broker), namespace: "n" });
  const port = new PlayedPort(broker);
  const shared = kafka({ port, namespace: "n" });
  const worker = await Worker.start(working, task, { create: true });
  const left: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const dispatcher = await Dispatcher.open(shared, { create: true });
    expect(await dispatcher.run(task, [turn]).finished()).toMatchObject({ completed: 1 });
    await dispatcher.close();
    await expect.poll(() => port.links.size, { timeout: 4_000 }).toBe(0);
    left.push(port.links.size);
  }
  expect(left).toEqual([0, 0, 0]);
  await worker.stop();
  await Promise.all([working.close(), shared.close()]);
}, 30_000);

it("a port forgets a link that was closed", async () => {
  const ended: number[] = [];
  let made = 0;
  const client = {
    consumer({ partitionAssigners = [] }: Parameters<Kafka["consumer"]>[0]) {
      const at = made;
      made += 1;
      const disconnect = async () => void ended.push(at);
      const cluster = { connectionPoolBuilder: { build: async () => {} }, disconnect };
      for (const assigner of partitionAssigners) assigner({ cluster } as never);
    },
  };
  const port = kafkajsPort({ client: client as unknown as Kafka, compression: 0, ackMs: 1_000 });
  port.link().close();
  expect(ended).toEqual([1]);
  await port.close();
  expect(ended.sort()).toEqual([0, 1]);
});
