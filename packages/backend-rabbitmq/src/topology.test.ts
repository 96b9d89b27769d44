import { type Context, Dispatcher, defineTask, VirtualClock, Worker } from "@org/dispatch-core";
import type { Delivery, DispatchEvent } from "@org/dispatch-core/contract";
import { connect } from "amqplib";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { type RabbitBackend, type RabbitBackendOptions, rabbitmq } from "./index.ts";
import { Ladder } from "./ladder.ts";
import {
  acks,
  DEAD,
  frame,
  frames,
  never,
  newNamespace,
  open,
  opened,
  REPLY,
  take,
  takeAll,
  textsOf,
  WORK,
} from "./testing/opened.ts";

const { rabbitmq: newest, rabbitmq310: oldest } = inject("services");
const backends: RabbitBackend[] = [];
afterEach(async () => {
  await Promise.all(backends.splice(0).map((backend) => backend.close()));
});

function make(options: RabbitBackendOptions, url = newest?.url): RabbitBackend {
  const backend = rabbitmq({ heartbeatMs: 1_000, url, ...options });
  backends.push(backend);
  return backend;
}

/** What `open` is refused with. */
const refused = (backend: RabbitBackend, create = true) =>
  open(backend, { create }).then(
    () => undefined,
    (error: unknown) => backend.classify(error),
  );

describe.skipIf(newest === undefined)("queues that are there already", () => {
  it("are found without create, and their arguments are compared", async () => {
    const namespace = newNamespace();
    await open(make({ namespace }));
    expect(await refused(make({ namespace }), false)).toBeUndefined();
    expect(await refused(make({ namespace, consumerTimeoutMs: 7_200_000 }), false)).toMatchObject({
      code: "MISMATCH",
      detail: expect.stringContaining("x-consumer-timeout"),
    });
    expect(await refused(make({ namespace, priority: "classic" }))).toMatchObject({
      code: "MISMATCH",
      detail: expect.stringContaining("inequivalent arg 'x-"),
    });
  });

  it("are missed by name, all at once; and without a ladder nobody is to do without them", async () => {
    const namespace = newNamespace();
    await open(make({}));
    const missed = await refused(make({ namespace }), false);
    const names = ["", ".dead", ".reply.coordinator-1"].map((end) => `queue "${namespace}.default${end}"`);
    expect(missed).toMatchObject({ code: "MISSING" });
    for (const name of names) expect(missed?.detail).toContain(name);
    expect(missed?.missing?.map(({ role }) => role).sort()).toEqual(["dead", "reply", "work"]);
    const bare = await refused(make({ namespace, ladder: `${namespace}.delay` }), false);
    expect(bare).toMatchObject({ code: "MISSING", missing: undefined });
    for (const name of [...names, `exchange "${namespace}.delay.27"`]) expect(bare?.detail).toContain(name);
  });

  it("of one owner are enough, and the dead letters': all goes on in one lane, retries too", async () => {
    const queueName = newNamespace();
    const owner = make({ queueName });
    await open(owner, { receive: [], send: [WORK, DEAD] });
    const warnings: string[] = [];
    const observer = (event: DispatchEvent) => void (event.event === "warning" && warnings.push(event.message));
    const common = { create: false, observer };
    const handler = (n: number, { attempt }: Context) => {
      if (attempt === 1) throw new Error("not yet");
      return n + 1;
    };
    const task = defineTask({ name: "default", handler });
    const worker = await Worker.start(make({ queueName }), task, { ...common, backoff: { baseMs: 100 } });
    const dispatcher = await Dispatcher.open(make({ queueName }), common);
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) {
      expect(warning).toMatch(/^rabbitmq: one lane: priorities other than 4 to 6 are refused/);
      for (const end of ["high", "low", "later"]) expect(warning).toContain(`queue "${queueName}.${end}"`);
    }
    const results = await dispatcher.run(task, [1], { priority: 6, delayMs: 200 }).results();
    expect(results).toMatchObject([{ outcome: "completed", value: 2, attempts: 2 }]);
    await expect(dispatcher.send(task, 1, { priority: 7 })).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await Promise.all([dispatcher.close(), worker.stop()]);
  }, 30_000);

  it("are found by what is due, also if nobody has bound them", async () => {
    const queueName = newNamespace();
    await open(make({ queueName }), { receive: [], send: [WORK] });
    const client = await connect(newest?.url ?? "");
    const channel = await client.createChannel();
    const ladder = new Ladder("dispatch.delay");
    await channel.unbindQueue(queueName, ladder.due, ladder.binding(queueName));
    await client.close();
    const backend = make({ queueName });
    await open(backend, { receive: [WORK], send: [WORK], create: false });
    await backend.send(WORK, [frame("a", { delayMs: 200 })], never);
    expect(textsOf(await take(backend))).toEqual(["a"]);
  });

  it("have the names of a configuration file's queue_name", async () => {
    const queueName = newNamespace();
    const backend = make({ queueName });
    await open(backend);
    await backend.send(WORK, frames("a"), never);
    const client = await connect(newest?.url ?? "");
    const channel = await client.createChannel();
    expect((await channel.checkQueue(queueName)).messageCount).toBe(1);
    expect((await channel.checkQueue(`${queueName}.dead`)).messageCount).toBe(0);
    await client.close();
  });
});

describe.skipIf(newest === undefined)("the strategy of priorities", () => {
  it("is refused while tasks lie in lanes that it would not look into", async () => {
    const namespace = newNamespace();
    const high = { ...WORK, name: "high" };
    const lanes = make({ namespace });
    await open(lanes, { receive: [high], send: [high] });
    await lanes.send(high, frames("a"), never);
    expect(await refused(make({ namespace, priority: "native" }))).toMatchObject({
      code: "MISMATCH",
      detail: expect.stringContaining(`${namespace}.default.high`),
    });
    await lanes.settle(acks(...(await take(lanes, {}, high))), never);
    expect(await refused(make({ namespace, priority: "native" }))).toBeUndefined();
  });

  it.each([
    ["lanes", "native"],
    ["native", "lanes"],
    ["classic", "lanes"],
    ["lanes", "classic"],
  ] as const)("is refused where a queue was made for %s: %s", async (made, wanted) => {
    const namespace = newNamespace();
    await open(make({ namespace, priority: made }));
    for (const create of [true, false])
      expect(await refused(make({ namespace, priority: wanted }), create)).toMatchObject({
        code: "MISMATCH",
        detail: expect.stringContaining("inequivalent arg 'x-"),
      });
  });

  it.each(["native", "classic"] as const)("%s hands out the highest first, eleven of them", async (priority) => {
    const backend = await opened({ url: newest?.url, priority });
    backends.push(backend);
    const priorities = [3, 10, 0, 7, 1, 9, 5, 2, 8, 4, 6];
    await backend.send(
      WORK,
      priorities.map((one) => frame(`${one}`, { priority: one })),
      never,
    );
    const found = await takeAll(backend, 11);
    expect(textsOf(found)).toEqual(Array.from({ length: 11 }, (_, index) => `${10 - index}`));
    await backend.settle(acks(...found), never);
  });
});

describe.skipIf(newest === undefined)("what is not durable", () => {
  it("works, and its profile says so", async () => {
    const backend = await opened({ url: newest?.url, durable: false, allowTransient: true });
    backends.push(backend);
    await backend.send(WORK, [frame("a"), frame("b", { delayMs: 300 })], never);
    expect(textsOf(await takeAll(backend, 2))).toEqual(["a", "b"]);
    expect(backend.profile.durability).toBe("none");
  });
});

describe.skipIf(oldest === undefined)("an older server", () => {
  it("is refused what it cannot", async () => {
    expect(await refused(make({ priority: "native" }, oldest?.url))).toMatchObject({
      code: "MISMATCH",
      detail: expect.stringContaining("needs RabbitMQ 4.3, this is 3.10"),
    });
    const consumerTimeoutMs = 7_200_000;
    expect(await refused(make({ consumerTimeoutMs }, oldest?.url))).toMatchObject({
      code: "MISMATCH",
      detail: expect.stringContaining("trustConsumerTimeout"),
    });
    const trusting = { namespace: newNamespace(), consumerTimeoutMs, trustConsumerTimeout: true };
    expect(await refused(make(trusting, oldest?.url))).toBeUndefined();
  });

  it("counts losses, and no releases: those go back as copies that keep the count", async () => {
    const namespace = newNamespace();
    const backend = await opened({ url: oldest?.url, namespace });
    await backend.send(WORK, frames("a"), never);
    await take(backend);
    // A connection that just ends is a loss.
    await backend.close();
    const other = make({ namespace }, oldest?.url);
    await open(other);
    const counts: number[] = [];
    for (let time = 0; time < 3; time += 1) {
      const [held] = await take(other);
      counts.push(held?.redelivery ?? -1);
      if (held === undefined) break;
      await other.settle([{ kind: "release", receipt: held.receipt, delayMs: 0 }], never);
    }
    expect(counts).toEqual([0, 0, 0]);
  });

  it("answers acks beside releases that could not be sent, which stay held", async () => {
    const backend = await opened({ url: oldest?.url });
    backends.push(backend);
    await backend.send(WORK, frames("a", "b"), never);
    const [a, b] = (await takeAll(backend, 2)) as [Delivery, Delivery];
    const settlements = [...acks(a), { kind: "release", receipt: b.receipt, delayMs: 0 } as const];
    const outcomes = await backend.settle(settlements, AbortSignal.abort());
    expect(outcomes).toEqual(["ok", { failed: expect.objectContaining({ code: "TIMED_OUT" }) }]);
    expect(await backend.settle(settlements, never)).toEqual(["lost", "ok"]);
    expect(textsOf(await take(backend))).toEqual(["b"]);
  });
});

describe.skipIf(newest === undefined)("looking", () => {
  it("brings page after page of dead letters, and gives all back", async () => {
    const backend = await opened({ url: newest?.url });
    backends.push(backend);
    const texts = Array.from({ length: 25 }, (_, index) => `letter-${index}`);
    await backend.send(DEAD, frames(...texts), never);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await backend.browse(DEAD, { max: 10, cursor }, never);
      seen.push(...textsOf(page.frames));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(texts);
    // A queue's own count of them comes a moment later.
    await vi.waitFor(async () => expect(await backend.depth(DEAD, never)).toMatchObject({ ready: 25 }), 10_000);
    await expect(backend.browse(WORK, { max: 1 }, never)).rejects.toMatchObject({ code: "MISMATCH" });
    await expect(backend.browse(DEAD, { max: 1, cursor: "9" }, never)).rejects.toMatchObject({ code: "MISMATCH" });
  });

  it.each([
    ["asked for no more", (looker: RabbitBackend, cursor: string) => looker.browse(DEAD, { max: 0, cursor }, never)],
    ["not gone on with", (_: RabbitBackend, __: string, clock: VirtualClock) => clock.advance(60_000)],
  ])("that ends early, %s, gives back what it has taken", async (_, end) => {
    const namespace = newNamespace();
    const [looker, other] = [make({ namespace }), make({ namespace })];
    const clock = new VirtualClock();
    await Promise.all([open(looker, { clock }), open(other)]);
    await other.send(DEAD, frames("a", "b", "c"), never);
    const { frames: seen, cursor = "" } = await looker.browse(DEAD, { max: 2 }, never);
    expect(textsOf(seen)).toEqual(["a", "b"]);
    await end(looker, cursor, clock);
    expect(await takeAll(other, 3, DEAD)).toHaveLength(3);
    await expect(looker.browse(DEAD, { max: 1, cursor }, never)).rejects.toMatchObject({ code: "MISMATCH" });
    expect(await looker.browse(DEAD, { max: 0, cursor }, never)).toEqual({ frames: [] });
  });

  it("forgets a reply queue that is removed, and makes it again", async () => {
    const backend = await opened({ url: newest?.url });
    backends.push(backend);
    await backend.remove(REPLY, never);
    expect(await backend.send(REPLY, frames("a"), never)).toEqual(["gone"]);
    await open(backend, { receive: [REPLY] });
    expect(await backend.send(REPLY, frames("b"), never)).toEqual(["ok"]);
    expect(textsOf(await take(backend, {}, REPLY))).toEqual(["b"]);
  });
});
