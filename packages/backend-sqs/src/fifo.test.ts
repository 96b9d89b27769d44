import { Dispatcher, defineTask, input, Worker } from "@org/dispatch-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqs } from "./index.ts";
import { inProcess } from "./testing/in-process.ts";
import { acks, frame, never, newNamespace, opened, take, textsOf, WORK } from "./testing/opened.ts";

// Lanes that are FIFO queues: a task's key is its message group.
let server: Awaited<ReturnType<typeof inProcess>>;

beforeAll(async () => {
  server = await inProcess();
});
afterAll(() => server.server.stop());

const fifo = () => opened({ url: server.url, fifo: true });

describe("lanes that are FIFO queues", () => {
  it("say in their profile that order is a group's, and that a send is not delayed", async () => {
    await using backend = await fifo();
    expect(backend.profile).toMatchObject({ order: "partition", sharing: "message", sendDelayMs: 0 });
  });

  it("hand out no more of a key while some of it is held, and others meanwhile", async () => {
    await using backend = await fifo();
    const keyed = ["a", "b", "c"].map((text) => frame(text, { key: "customer 7" }));
    await backend.send(WORK, [...keyed, frame("other", { key: "customer 8" }), frame("nobody's")], never);
    // SQS hands out several of a group at a time, the server of these tests one.
    const first = await take(backend);
    const own = textsOf(first).filter((text) => text.length === 1);
    expect(own).toEqual(["a", "b", "c"].slice(0, own.length));
    expect(textsOf(first)).toEqual(expect.arrayContaining(["a", "other", "nobody's"]));
    expect(textsOf(await take(backend))).toEqual([]);
    await backend.settle(acks(...first), never);
    expect(textsOf(await take(backend))).toEqual(["a", "b", "c"].slice(own.length, own.length + 1));
  });

  it("hold what has no key side by side", async () => {
    await using backend = await fifo();
    await backend.send(WORK, ["a", "b", "c"].map((text) => frame(text)), never); // biome-ignore format: one call
    for (const text of ["a", "b", "c"]) expect(textsOf(await take(backend, { max: 1 }))).toEqual([text]);
  });

  it("take any text for a key", async () => {
    await using backend = await fifo();
    const keys = ["é ü", "x".repeat(500), "", "one:1"];
    await backend.send(WORK, keys.map((key, index) => frame(String(index), { key })), never); // biome-ignore format: one call
    expect(textsOf(await take(backend)).sort()).toEqual(["0", "1", "2", "3"]);
  });

  it("take a send once that comes again because its answer was lost, and another of that name as another", async () => {
    await using backend = await fifo();
    const sent = frame("a");
    for (const again of [sent, sent, frame("a")]) expect(await backend.send(WORK, [again], never)).toEqual(["ok"]);
    expect(textsOf(await take(backend))).toEqual(["a", "a"]);
  });

  it("get back uncounted, and in its group, what a poll brought for nobody", async () => {
    const namespace = newNamespace();
    const leaving = await opened({ url: server.url, namespace, fifo: true });
    await using staying = await opened({ url: server.url, namespace, fifo: true });
    const waiting = take(leaving, { waitMs: 1_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closed = leaving.close();
    expect(await waiting).toEqual([]);
    await staying.send(WORK, [frame("a", { key: "k" })], never);
    await closed;
    const found = await take(staying);
    expect([textsOf(found), found.map(({ redelivery }) => redelivery)]).toEqual([["a"], [0]]);
    await staying.send(WORK, [frame("b", { key: "k" })], never);
    expect(textsOf(await take(staying))).toEqual([]);
  });

  it("run the tasks of a key in the order of the inputs, a worker after the other", async () => {
    await using backend = sqs({ url: server.url, namespace: newNamespace(), longPollingMs: 1_000, fifo: true });
    const begun = new Map<string, number[]>();
    const handler = async ({ key, n }: { key: string; n: number }) => {
      begun.set(key, [...(begun.get(key) ?? []), n]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return n;
    };
    const dispatcher = await Dispatcher.open(backend, { create: true, packs: false });
    const workers = [0, 1].map(() =>
      Worker.start(backend, defineTask({ name: "default", handler }), { concurrency: 3, create: true }),
    );
    const inputs = Array.from({ length: 18 }, (_, n) => {
      const key = `key ${n % 3}`;
      return input({ key, n }, { key });
    });
    const results = await dispatcher.run<{ key: string; n: number }, number>("default", inputs).results();
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(18).fill("completed"));
    for (const order of begun.values()) expect(order).toEqual([...order].sort((one, other) => one - other));
    expect([...begun.values()].flat()).toHaveLength(18);
    await dispatcher.close();
    await Promise.all(workers.map(async (worker) => (await worker).stop()));
  }, 60_000);
});
