import { connect, type Socket } from "node:net";
import { systemClock } from "@org/dispatch-core";
import type { Queue } from "@org/dispatch-core/contract";
import { TcpProxy } from "@org/dispatch-testkit";
import { type ISocketFactory, Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, onTestFinished, vi } from "vitest";
import type { KafkaBackend } from "./index.ts";
import { kafka } from "./index.ts";
import { clusterOf } from "./kafkajs/cluster.ts";
import { KafkajsLink } from "./kafkajs/kafkajs-link.ts";
import { kafkajsPort } from "./kafkajs/kafkajs-port.ts";
import { ownClient } from "./kafkajs/own-client.ts";
import { acks, DEAD, frame, frames, LEASE_MS, never, newNamespace, open, opened, REPLY, refusal, SESSION_MS, take, takeAll, textsOf, WORK } from "./testing/opened.ts"; // biome-ignore format: one import

// What kafkajs 2.2.4 was seen to do on a real broker, and what comes of it here.
const { kafka: line } = inject("services");

describe.skipIf(line === undefined)("a trap of kafkajs", () => {
  const url = line?.url ?? "";
  const brokers = url.replace("kafka://", "").split(",");
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  const backends: KafkaBackend[] = [];
  const backendAt = async (...[options, receive]: Parameters<typeof opened>): Promise<KafkaBackend> => {
    const backend = await opened({ url, ...options }, receive);
    backends.push(backend);
    return backend;
  };

  beforeAll(() => admin.connect());
  afterAll(() => admin.disconnect());
  afterEach(async () => {
    await Promise.all(backends.splice(0).map((backend) => backend.close()));
  });

  it("1: what is sent to a partition that nobody knows is an error, and not gone without a word", async () => {
    const namespace = newNamespace();
    const backend = await backendAt({ namespace });
    const { client, dispose } = ownClient({ brokers });
    const port = kafkajsPort({ client, compression: 0, ackMs: 5_000, dispose });
    const batch = { partition: 7, records: [{ key: null, value: Buffer.from("lost") }] };
    const error = await port.produce(`${namespace}.default`, [batch]).then(
      () => undefined,
      (failed: unknown) => failed,
    );
    expect(backend.classify(error)).toMatchObject({
      code: "UNAVAILABLE",
      detail: expect.stringContaining("partition 7"),
    });
    await port.close();
    expect(await take(backend)).toEqual([]);
  });

  it("2: of a send that the broker takes in part each frame is told, and what is told ok comes", async () => {
    const namespace = newNamespace();
    const backend = await backendAt({ namespace, partitions: 3 });
    const large = Buffer.alloc(backend.profile.limits.frameBytes + 1);
    const outcomes = await backend.send(WORK, [frame("a"), frame("b", { bytes: large }), frame("c")], never);
    expect(outcomes.map((outcome) => (typeof outcome === "object" ? backend.classify(outcome.failed).code : outcome))).toEqual(["ok", "TOO_LARGE", "ok"]); // biome-ignore format: one line
    expect(textsOf(await takeAll(backend))).toEqual(["a", "c"]);
  });

  it("3: the limit is one of a batch: as many frames as a call may have, of as many bytes, go into one partition", async () => {
    const backend = await backendAt({});
    const { batchFrames, batchBytes } = backend.profile.limits;
    const bytes = Buffer.alloc(Math.floor(batchBytes / batchFrames), "x");
    const all = Array.from({ length: batchFrames }, (_, at) => frame(String(at), { bytes, key: "one" }));
    expect(await backend.send(WORK, all, never)).toEqual(all.map(() => "ok"));
    expect((await takeAll(backend, { max: 1_000 })).length).toBe(batchFrames);
  });

  it.each([
    ["ascii", "k".repeat(900)],
    ["none", "日".repeat(850)],
  ])("3: keys count, in bytes (%s)", async (_, key) => {
    const backend = await backendAt({});
    const { batchFrames, batchBytes } = backend.profile.limits;
    const bytes = Buffer.alloc(Math.floor(batchBytes / batchFrames), "x");
    const all = Array.from({ length: batchFrames }, (_, at) => frame(String(at), { bytes, key }));
    expect(new Set(await backend.send(WORK, all, never))).toEqual(new Set(["ok"]));
    expect((await takeAll(backend, { max: 1_000 })).length).toBe(batchFrames);
  });

  it("3: a topic that takes less than a frame is refused at the start, by name and number", async () => {
    const namespace = newNamespace();
    await backendAt({ namespace });
    const resources = [
      { type: 2, name: `${namespace}.default`, configEntries: [{ name: "max.message.bytes", value: "1000" }] },
    ];
    await admin.alterConfigs({ validateOnly: false, resources });
    const other = kafka({ namespace, url });
    backends.push(other);
    const error = await open(other).then(
      () => undefined,
      (failed: unknown) => failed,
    );
    expect(other.classify(error)).toMatchObject({ code: "MISMATCH", detail: expect.stringMatching(/takes 1000 bytes a batch: set max.message.bytes to 961\d{3}/) }); // biome-ignore format: one line
  });

  it("4: a topic that was deleted takes no other with it", async () => {
    const namespace = newNamespace();
    const backend = await backendAt({ namespace });
    expect(await backend.send(DEAD, frames("d"), never)).toEqual(["ok"]);
    await admin.deleteTopics({ topics: [`${namespace}.default.dead`] });
    await vi.waitFor(
      async () => expect(await refusal(backend, backend.send(DEAD, frames("d"), never))).toBe("MISSING"),
      5_000,
    );
    for (const text of ["a", "b", "c"]) expect(await backend.send(WORK, frames(text), never)).toEqual(["ok"]);
    expect(textsOf(await takeAll(backend))).toEqual(["a", "b", "c"]);
  });

  it("4: nor does it keep the same backend from others later, and from those that are still to be made", async () => {
    const namespace = newNamespace();
    const of = (name: string): Queue => ({ role: "work", name: "normal", of: name });
    const opening = (backend: KafkaBackend, name: string, create: boolean) =>
      backend.open({ receive: [], send: [of(name)], create, leaseMs: LEASE_MS, clock: systemClock() }, AbortSignal.timeout(10_000)); // biome-ignore format: one line
    const other = await backendAt({ namespace }, []);
    await opening(other, "b", true);
    const backend = await backendAt({ namespace }, []);
    await opening(backend, "a", true);
    await backend.send(of("a"), frames("1"), never);
    expect(await backend.depth(of("a"), never)).toMatchObject({ ready: 1 });
    await admin.deleteTopics({ topics: [`${namespace}.a`] });
    await vi.waitFor(async () => expect(await refusal(backend, backend.depth(of("a"), never))).toBe("MISSING"), 5_000);
    await opening(backend, "b", false);
    await opening(backend, "c", true);
    expect(await refusal(backend, opening(backend, "d", false))).toBe("MISSING");
    for (const name of ["b", "c"]) {
      expect(await backend.send(of(name), frames("1"), never)).toEqual(["ok"]);
      expect(await backend.depth(of(name), never)).toMatchObject({ ready: 1 });
    }
    // And one that is made again is there again.
    await opening(other, "a", false).catch(() => {});
    await opening(await backendAt({ namespace }, []), "a", true);
    expect(await backend.send(of("a"), frames("1"), never)).toEqual(["ok"]);
  });

  it("4: nor the other lanes of a worker, nor those who join it", async () => {
    const namespace = newNamespace();
    const low: Queue = { role: "work", name: "low", of: "default" };
    const worker = await backendAt({ namespace }, [WORK, low]);
    await Promise.all([take(worker), take(worker, {}, low)]);
    await worker.send(WORK, frames("a"), never);
    expect(textsOf(await takeAll(worker))).toEqual(["a"]);
    await admin.deleteTopics({ topics: [`${namespace}.default.low`] });
    const told: string[] = [];
    let isOver = false;
    const receiving = (async () => {
      while (!isOver && !told.includes("CLOSED")) told.push(await refusal(worker, take(worker, {}, low)));
    })();
    await vi.waitFor(() => expect(told).toContain("MISSING"), 10_000);
    await worker.send(WORK, frames("b", "c"), never);
    expect(textsOf(await takeAll(worker))).toEqual(["b", "c"]);
    const other = kafka({ url, namespace, sessionTimeoutMs: SESSION_MS });
    backends.push(other);
    await open(other, [WORK], false);
    const joining = takeAll(other, { waitMs: 6_000 });
    await worker.send(WORK, frames("d"), never);
    const found = [...(await takeAll(worker)), ...(await joining)];
    expect(new Set(textsOf(found))).toEqual(new Set(["d"]));
    isOver = true;
    await receiving;
  });

  it("5: a backend that has read nothing can empty a queue", async () => {
    const namespace = newNamespace();
    const sender = await backendAt({ namespace }, []);
    await sender.send(WORK, frames("a", "b"), never);
    const operator = await backendAt({ namespace }, []);
    expect(await operator.purge(WORK, never)).toBe(2);
    expect(await operator.depth(WORK, never)).toMatchObject({ ready: 0, leased: 0 });
    expect(await take(await backendAt({ namespace }, [WORK]))).toEqual([]);
  });

  it("6: what came between the start of a coordinator and its first receive is not passed over", async () => {
    const namespace = newNamespace();
    const sender = await backendAt({ namespace }, []);
    await sender.open({ receive: [], send: [REPLY], create: true, leaseMs: LEASE_MS, clock: (await import("@org/dispatch-core")).systemClock() }, never); // biome-ignore format: one line
    await sender.send(REPLY, frames("before anybody was there"), never);
    const coordinator = await backendAt({ namespace }, [REPLY]);
    await sender.send(REPLY, frames("a", "b"), never);
    const held = await take(coordinator, {}, REPLY);
    expect(textsOf(held)).toEqual(["a", "b"]);
    await coordinator.settle(acks(...held.slice(0, 1)), never);
    await coordinator.close();
    await sender.send(REPLY, frames("c"), never);
    // Under the same id it reads on; what it had not acked comes again.
    const again = await takeAll(await backendAt({ namespace }, [REPLY]), {}, REPLY);
    expect(textsOf(again)).toEqual(textsOf([...held.slice(1), { bytes: Buffer.from("c") }]));
  });

  it("7: a commit under an earlier generation is refused, whoever the member is by now", async () => {
    const namespace = newNamespace();
    await backendAt({ namespace }, []);
    const topic = `${namespace}.default`;
    const { client, dispose } = ownClient({ brokers });
    const port = kafkajsPort({ client, compression: 0, ackMs: 5_000, dispose });
    const link = port.link();
    const claim = { topics: [topic], owned: new Map(), generation: 0 };
    const join = async (id: string) => {
      const { memberId, generation } = await link.join(topic, { id, sessionMs: SESSION_MS, claim });
      await link.sync(topic, { memberId, generation }, new Map([[memberId, new Map([[topic, [0]]])]]), new Map());
      return { memberId, generation };
    };
    const first = await join("");
    const commit = { topic, partition: 0, offset: 1, note: "" };
    await link.commit(topic, first, [commit]);
    const second = await join(first.memberId);
    expect(second.memberId).toBe(first.memberId);
    const error = await link.commit(topic, first, [{ ...commit, offset: 0 }]).then(
      () => undefined,
      (failed: unknown) => failed,
    );
    expect(port.meaning(error)).toBe("evicted");
    await link.commit(topic, second, [{ ...commit, offset: 2 }]);
    expect(await link.committed(topic, new Map([[topic, [0]]]))).toEqual([{ ...commit, offset: 2 }]);
    await link.leave(topic, first.memberId);
    await port.close();
  });

  it("7: a commit of a member that waits for the others to join is taken under the old generation, over another connection", async () => {
    const namespace = newNamespace();
    await backendAt({ namespace }, []);
    const topic = `${namespace}.default`;
    const { client, dispose } = ownClient({ brokers });
    const port = kafkajsPort({ client, compression: 0, ackMs: 5_000, dispose });
    onTestFinished(() => port.close());
    const [link, dead, aside] = [port.link(), port.link(), port.link()];
    const claim = { topics: [topic], owned: new Map(), generation: 0 };
    const pause = () => new Promise((resolve) => setTimeout(resolve, SESSION_MS / 4));
    const join = (over: typeof link, id: string) => over.join(topic, { id, sessionMs: SESSION_MS, claim });
    // The first group of a new broker waits for its coordinator.
    const alone = await vi.waitFor(() => join(link, ""), 10_000);
    const silent = join(dead, "");
    await pause();
    const first = await join(link, alone.memberId);
    const shares = new Map(first.members.map(({ id }) => [id, new Map<string, number[]>()]));
    await Promise.all([link.sync(topic, first, shares, new Map()), dead.sync(topic, await silent, new Map(), new Map())]); // biome-ignore format: one call
    const joining = join(link, first.memberId);
    await pause();
    await aside.commit(topic, first, [{ topic, partition: 0, offset: 1, note: "" }]);
    expect(await Promise.race([joining, "joining still"])).toBe("joining still");
    const late = await joining.then(() => aside.commit(topic, first, [{ topic, partition: 0, offset: 2, note: "" }]).catch(port.meaning)); // biome-ignore format: one call
    expect(late).toBe("evicted");
    expect(await aside.committed(topic, new Map([[topic, [0]]]))).toMatchObject([{ offset: 1 }]);
  });

  it.each([10, 180])(
    "4: a topic that is made again under its name of %d characters and more has another id",
    async (characters) => {
      const topic = `${newNamespace()}.${"x".repeat(characters)}`;
      const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      onTestFinished(() => admin.disconnect());
      const { client, dispose } = ownClient({ brokers });
      const port = kafkajsPort({ client, compression: 0, ackMs: 5_000, dispose });
      onTestFinished(() => port.close());
      const idOf = () => vi.waitFor(() => port.link().logId?.(topic), 10_000);
      await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
      const first = await idOf();
      expect(first).toMatch(/^[0-9a-f]{32}$/);
      expect(await idOf()).toBe(first);
      await admin.deleteTopics({ topics: [topic] });
      await vi.waitFor(() => admin.createTopics({ topics: [{ topic, numPartitions: 1 }] }), 10_000);
      expect(await idOf()).not.toBe(first);
    },
  );

  it("10: a record of somebody else's is a frame like any other, and holds up nobody", async () => {
    const namespace = newNamespace();
    const backend = await backendAt({ namespace });
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({ createPartitioner: () => () => 0 });
    await producer.connect();
    const messages = [
      { key: "k", value: null },
      { value: "x", headers: { h: "1" } },
    ];
    await producer.send({ topic: `${namespace}.default`, messages });
    await producer.disconnect();
    await backend.send(WORK, frames("ours"), never);
    expect(textsOf(await takeAll(backend))).toEqual(["", "ours", "x"]);
  });

  it("10: nor what somebody's transactions leave: aborted records are nobody's, and their markers are passed", async () => {
    const namespace = newNamespace();
    const backend = await backendAt({ namespace });
    const topic = `${namespace}.default`;
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 }); // biome-ignore format: one line
    await producer.connect();
    for (const end of ["abort", "commit"] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: end }] });
      await transaction[end]();
    }
    await producer.disconnect();
    expect((await backend.browse(WORK, { max: 10 }, never)).frames.map(({ bytes }) => String(Buffer.from(bytes)))).toEqual(["commit"]); // biome-ignore format: one line
    const held = await takeAll(backend, { waitMs: 1_500 });
    expect(textsOf(held)).toEqual(["commit"]);
    await backend.settle(acks(...held), never);
    await take(backend, { waitMs: 1_000 });
    const other = await backendAt({ namespace }, []);
    await vi.waitFor(async () => expect(await other.depth(WORK, never)).toMatchObject({ ready: 0, leased: 0 }), 2_000);
  });

  it("11: a connection that has nothing to hold back looks for that when it is asked something, and not every millisecond", async () => {
    const namespace = newNamespace();
    await backendAt({ namespace }, []);
    const topic = `${namespace}.default`;
    const { client, dispose } = ownClient({ brokers });
    const link = new KafkajsLink(clusterOf(client));
    await link.partitions([topic]);
    const { connectionPool } = await link.broker(link.leaderOf({ topic, partition: 0 }) ?? "");
    const queue = connectionPool.pool[0]?.requestQueue as unknown as { checkPendingRequests(): void };
    const looks = vi.spyOn(queue, "checkPendingRequests");
    await link.bounds(new Map([[topic, [0]]]));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(looks.mock.calls.length).toBeGreaterThan(0);
    expect(looks.mock.calls.length).toBeLessThan(20);
    link.close();
    dispose();
  });

  it("12: an end waits for nothing that runs, and a session that the broker does not grant is an error", async () => {
    const namespace = newNamespace();
    const backend = await backendAt({ namespace });
    await backend.send(WORK, frames("a"), never);
    const [held] = await take(backend);
    const waiting = take(backend, { waitMs: 60_000 });
    const startedAt = performance.now();
    await backend.close();
    expect(await waiting).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    expect(held?.redelivery).toBe(0);
    const other = kafka({ namespace, url, sessionTimeoutMs: 3_600_000 });
    backends.push(other);
    await open(other, [WORK]);
    expect(await refusal(other, take(other, { waitMs: 5_000 }))).toBe("MISMATCH");
  });

  it.each([0, 3, 20, 80])("14: an end %i ms after the start ends it, and leaves no connection", async (ms) => {
    const sockets: Socket[] = [];
    const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      sockets.push(socket);
      return socket;
    };
    const backend = kafka({ url, namespace: newNamespace(), partitions: 3, connection: { socketFactory } });
    const opening = refusal(backend, open(backend, [WORK, REPLY]));
    await new Promise((resolve) => setTimeout(resolve, ms));
    await backend.close();
    const endedAt = performance.now();
    expect(await opening).toMatch(/CLOSED|ok/);
    expect(performance.now() - endedAt).toBeLessThan(500);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
  });

  it("13: a broker that was reached and did not say in time what it can is asked again", async () => {
    const [host = "", port = ""] = brokers[0]?.split(":") ?? [];
    const proxy = await TcpProxy.start({ host, port: Number(port) });
    onTestFinished(() => proxy.close());
    proxy.blackHole();
    const connection = { connectionTimeout: 200, requestTimeout: 200 };
    const { client, dispose } = ownClient({ brokers: [`127.0.0.1:${proxy.port}`], ...connection });
    const namespace = newNamespace();
    await backendAt({ namespace }, []);
    const asked = kafkajsPort({ client, compression: 0, ackMs: 5_000, dispose });
    onTestFinished(() => asked.close());
    const topic = `${namespace}.default`;
    const error = await asked.partitions([topic]).then(
      () => undefined,
      (failed: unknown) => failed,
    );
    expect(asked.classify(error).code).toMatch(/TIMED_OUT|UNAVAILABLE/);
    proxy.heal();
    await vi.waitFor(async () => expect(await asked.partitions([topic])).toEqual(new Map([[topic, 1]])), 5_000);
  });
});
