import { DeleteQueueCommand, SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { Dispatcher, defineTask, QueueAdmin, systemClock, Worker } from "@org/dispatch-core";
import type { DispatchEvent } from "@org/dispatch-core/contract";
import { TcpProxy } from "@org/dispatch-testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { SqsBackend } from "./index.ts";
import { sqs } from "./index.ts";
import { inProcess } from "./testing/in-process.ts";
import { acks, frames, LEASE_MS, never, newNamespace, open, opened, REPLY, refusal, take, textsOf, WORK } from "./testing/opened.ts"; // biome-ignore format: one import

// What a network can do to the backend, and what polls that cannot be called back must not do.
let server: Awaited<ReturnType<typeof inProcess>>;
const backends: SqsBackend[] = [];
const gates: TcpProxy[] = [];

beforeAll(async () => {
  server = await inProcess();
});
afterAll(() => server.server.stop());
afterEach(async () => {
  await Promise.all(gates.splice(0).map((gate) => gate.close()));
  await Promise.all(backends.splice(0).map((backend) => backend.close()));
});

async function backendAt(options: Parameters<typeof opened>[0]): Promise<SqsBackend> {
  const backend = await opened(options);
  backends.push(backend);
  return backend;
}

async function gated(): Promise<{ backend: SqsBackend; gate: TcpProxy; direct: SqsBackend }> {
  const gate = await TcpProxy.start({ port: Number(new URL(server.url).port) });
  gates.push(gate);
  const namespace = newNamespace();
  const direct = await backendAt({ url: server.url, namespace });
  return { backend: await backendAt({ url: `sqs+http://127.0.0.1:${gate.port}`, namespace }), gate, direct };
}

/** Whoever removes queues by hand. */
function remover(): SQSClient {
  const credentials = { accessKeyId: "anybody", secretAccessKey: "anything" };
  return new SQSClient({ region: "us-east-1", endpoint: server.url.replace("sqs+", ""), credentials });
}

const timed = async (work: Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work.catch(() => {});
  return performance.now() - startedAt;
};

describe("connections", () => {
  it("sends a batch once, whatever became of its answer", async () => {
    const { backend, gate, direct } = await gated();
    gate.blackHole("down");
    const unanswered = refusal(backend, backend.send(WORK, frames("a", "b", "c"), never));
    await vi.waitFor(async () => expect(await direct.depth(WORK, never)).toMatchObject({ ready: 3 }));
    gate.reset();
    expect(["UNAVAILABLE", "TIMED_OUT"]).toContain(await unanswered);
    gate.heal();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await direct.depth(WORK, never)).toMatchObject({ ready: 3 });
  });

  it("settles every verb by its signal on a socket that answers no more, and goes on afterwards", async () => {
    const { backend, gate } = await gated();
    await backend.send(WORK, frames("a"), never);
    const [held] = await take(backend);
    if (held === undefined) throw new Error("nothing came");
    gate.blackHole("up");
    const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => backend.send(WORK, frames("b"), signal),
      (signal) => take(backend, { waitMs: 1_000 }, WORK, signal),
      (signal) => backend.renew([held.receipt], LEASE_MS, signal),
      (signal) => backend.settle(acks(held), signal),
      (signal) => backend.depth(WORK, signal),
    ];
    for (const tookMs of await Promise.all(calls.map((call) => timed(call(AbortSignal.timeout(300))))))
      expect(tookMs).toBeLessThan(1_500);
    // Nobody waits for the poll any more, and its own bound ends it.
    gate.reset();
    gate.heal();
    await vi.waitFor(() => backend.depth(WORK, AbortSignal.timeout(1_000)), { timeout: 5_000 });
    expect(await backend.settle(acks(held), never)).toEqual(["ok"]);
  });

  it.each([
    ["its own", undefined],
    ["one that was given, as the SDK makes it", {}],
    ["one that was given, with a time-out that only warns", { requestHandler: { requestTimeout: 100 } }],
  ])("ends a poll by itself that is never answered, by %s client", async (_, config: SQSClientConfig | undefined) => {
    const { gate } = await gated();
    const endpoint = `http://127.0.0.1:${gate.port}`;
    const credentials = { accessKeyId: "anybody", secretAccessKey: "anything" };
    const client = config && new SQSClient({ region: "us-east-1", maxAttempts: 1, endpoint, credentials, ...config });
    const backend = await backendAt(client === undefined ? { url: `sqs+${endpoint}` } : { client });
    gate.blackHole("up");
    const asked = take(backend, { waitMs: 1_000 });
    const startedAt = performance.now();
    expect(await refusal(backend, asked)).toBe("TIMED_OUT");
    expect(performance.now() - startedAt).toBeLessThan(1_000 + 5_000);
    client?.destroy();
  });

  it("says why it cannot connect", async () => {
    const gone = sqs({ url: "sqs+http://127.0.0.1:1" });
    expect(await refusal(gone, open(gone))).toBe("UNAVAILABLE");
    await gone.close();
  });

  it("leaves no connection behind", async () => {
    const { backend, gate } = await gated();
    const waiting = take(backend, { waitMs: 1_000 });
    await vi.waitFor(() => expect(gate.connections).toBeGreaterThan(0));
    await backend.close();
    expect(await waiting).toEqual([]);
    await vi.waitFor(() => expect(gate.connections).toBe(0));
  });
});

describe("a poll that is not wanted any more", () => {
  it("is not aborted: what it brings goes to the next receive", async () => {
    const backend = await backendAt({ url: server.url });
    const controller = new AbortController();
    const waiting = take(backend, { waitMs: 1_000 }, WORK, controller.signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    controller.abort();
    expect(await waiting).toEqual([]);
    await backend.send(WORK, frames("a"), never);
    await vi.waitFor(async () => expect(await backend.depth(WORK, never)).toMatchObject({ leased: 1 }));
    expect(textsOf(await take(backend))).toEqual(["a"]);
  });

  it("gives back at the end what it brings, and that counts as no loss", async () => {
    const namespace = newNamespace();
    const leaving = await backendAt({ url: server.url, namespace });
    const staying = await backendAt({ url: server.url, namespace });
    const waiting = take(leaving, { waitMs: 1_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closed = leaving.close();
    expect(await waiting).toEqual([]);
    await staying.send(WORK, frames("a"), never);
    await closed;
    const found = await take(staying);
    expect([textsOf(found), found.map(({ redelivery }) => redelivery)]).toEqual([["a"], [0]]);
    expect(await staying.depth(WORK, never)).toMatchObject({ ready: 0, leased: 1 });
  });

  it("gives back what was handed out, too, as far as it is still held", async () => {
    const namespace = newNamespace();
    const leaving = await backendAt({ url: server.url, namespace });
    const staying = await backendAt({ url: server.url, namespace });
    await leaving.send(WORK, frames("a", "b", "c"), never);
    const held = await take(leaving);
    expect(await leaving.settle(acks(...held.slice(0, 1)), never)).toEqual(["ok"]);
    await leaving.close();
    expect(textsOf(await take(staying)).sort()).toEqual(textsOf(held.slice(1)).sort());
  });

  it("does not hold up the removal of its queue", async () => {
    const backend = await backendAt({ url: server.url, longPollingMs: 20_000 });
    void take(backend, { waitMs: 20_000 }, REPLY);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await backend.remove(REPLY, never);
    expect(await timed(backend.close())).toBeLessThan(2_000);
  });
});

describe("queues", () => {
  it("are not made without create, and all that are missing are named", async () => {
    const namespace = newNamespace();
    const backend = sqs({ url: server.url, namespace });
    const error = await open(backend, systemClock(), false).catch((thrown: unknown) => thrown);
    const names = ["", "-dead", "-reply-coordinator-1"].map((suffix) => `"${namespace}-default${suffix}"`).join(", ");
    const detail = expect.stringContaining(`there is no queue ${names}: open once with create`);
    expect(backend.classify(error)).toMatchObject({ code: "MISSING", detail });
    await backend.close();
  });

  it("of one owner are enough, and the dead letters': all goes on in one lane, until one start with create makes the rest", async () => {
    const owned = newNamespace();
    const account = server.url.replace("sqs+", "");
    await using backend = sqs({ queueUrl: `${account}/000000000000/${owned}`, longPollingMs: 1_000 });
    const task = defineTask({ name: "default", handler: (n: number) => n + 1 });
    const namesOf = (...suffixes: readonly string[]) => suffixes.map((suffix) => `"${owned}${suffix}"`).join(", ");
    const warnings: string[] = [];
    const observer = (event: DispatchEvent) => void (event.event === "warning" && warnings.push(event.message));
    const common = { create: false, observer };
    await expect(Worker.start(backend, task, common)).rejects.toMatchObject({
      code: "MISSING",
      message: expect.stringContaining(`there is no queue ${namesOf("", "-dead", "-high", "-later", "-low")}: `),
    });
    const kept = { attributes: { MessageRetentionPeriod: "1209600" } };
    server.server.createQueue(owned, kept);
    await expect(Worker.start(backend, task, common)).rejects.toMatchObject({
      code: "MISSING",
      message: expect.stringContaining(`there is no queue ${namesOf("-dead", "-high", "-later", "-low")}: `),
    });
    server.server.createQueue(`${owned}-dead`, kept);
    const worker = await Worker.start(backend, task, common);
    const dispatcher = await Dispatcher.open(backend, common);
    const refused = `sqs: one lane: priorities other than 4 to 6 are refused; delays above 15 min are refused, longer pauses before a retry end then: there is no queue ${namesOf("-high", "-later", "-low")}: open once with create`;
    expect(warnings).toEqual([expect.stringContaining(refused), expect.stringContaining(refused)]);
    expect(await dispatcher.run(task, [1]).results()).toMatchObject([{ outcome: "completed", value: 2 }]);
    await expect(dispatcher.send(task, 1, { priority: 9 })).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await expect(dispatcher.send(task, 1, { delayMs: 900_001 })).rejects.toMatchObject({ code: "UNSUPPORTED" });
    const admin = await QueueAdmin.open(backend, common);
    expect(admin.absent).toEqual({ lanes: true, later: true });
    expect((await admin.status()).lanes.map(({ lane }) => lane)).toEqual(["normal"]);
    await Promise.all([dispatcher.close(), worker.stop()]);
    const making = await Worker.start(backend, task, { create: true });
    const whole = await Dispatcher.open(backend, { create: false });
    const results = await whole.run(task, [1], { priority: 9 }).results();
    expect(results).toMatchObject([{ outcome: "completed", value: 2 }]);
    await Promise.all([whole.close(), making.stop()]);
  }, 30_000);

  it("that take less than a frame are refused", async () => {
    const namespace = newNamespace();
    server.server.createQueue(`${namespace}-default`, { attributes: { MaximumMessageSize: "262144" } });
    const backend = sqs({ url: server.url, namespace });
    expect(await refusal(backend, open(backend))).toBe("MISMATCH");
    await backend.close();
    const smaller = await backendAt({ url: server.url, namespace, frameBytes: 262_144 });
    expect(smaller.profile.limits.frameBytes).toBe(262_144);
  });

  it("that keep messages for a shorter time than the profile says are doubted, at each open", async () => {
    const namespace = newNamespace();
    server.server.createQueue(`${namespace}-default`, { attributes: { MessageRetentionPeriod: "345600" } });
    const backend = sqs({ url: server.url, namespace });
    const detail = expect.stringMatching(/-default" keeps a message for 345600 s .*it should be 1209600$/);
    for (const _ of ["first", "again"]) expect(await open(backend)).toEqual([{ code: "MISMATCH", detail }]);
    await backend.close();
    expect(await open(await backendAt({ url: server.url }))).toEqual([]);
  });

  it("are found by the URL of their middle lane", async () => {
    const name = newNamespace();
    server.server.createQueue(name);
    const backend = await backendAt({ queueUrl: `${server.url.replace("sqs+", "")}/000000000000/${name}` });
    await backend.send(WORK, frames("a"), never);
    expect(server.server.inspectQueue(name)?.messages.ready).toHaveLength(1);
    expect(server.server.inspectQueue(`${name}-dead`)).toBeDefined();
    expect(server.server.inspectQueue(`${name}-reply-coordinator-1`)).toBeDefined();
  });

  it("are made where their URL is given, and again where somebody has removed one that this backend knows", async () => {
    const name = newNamespace();
    const backend = sqs({ queueUrl: `${server.url.replace("sqs+", "")}/000000000000/${name}`, longPollingMs: 1_000 });
    backends.push(backend);
    const toSend = { receive: [], send: [WORK], create: true, leaseMs: LEASE_MS, clock: systemClock() };
    for (const options of [toSend, { ...toSend, receive: [WORK] }, { ...toSend, receive: [WORK] }]) {
      expect(await backend.open(options, AbortSignal.timeout(8_000))).toEqual([]);
      expect(await backend.depth(WORK, never)).toMatchObject({ ready: 0 });
      expect(server.server.inspectQueue(name)).toBeDefined();
      const QueueUrl = `${server.url.replace("sqs+", "")}/000000000000/${name}`;
      await remover().send(new DeleteQueueCommand({ QueueUrl }));
    }
    expect(await refusal(backend, backend.open({ ...toSend, receive: [WORK], create: false }, never))).toBe("MISSING");
  });

  it("need a client that does not try again by itself", async () => {
    const client = new SQSClient({ region: "us-east-1", endpoint: server.url.replace("sqs+", "") });
    const backend = sqs({ client });
    expect(await refusal(backend, open(backend))).toBe("MISMATCH");
    await backend.close();
    client.destroy();
  });
});
