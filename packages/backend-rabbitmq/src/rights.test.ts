import { Dead, Dispatcher, defineTask, QueueAdmin, Worker } from "@org/dispatch-core";
import type { Observer, OutFrame } from "@org/dispatch-core/contract";
import { TcpProxy } from "@org/dispatch-testkit";
import { connect } from "amqplib";
import { afterEach, describe, expect, inject, it } from "vitest";
import { type RabbitBackend, type RabbitBackendOptions, rabbitmq } from "./index.ts";
import { frame, frames, open } from "./testing/opened.ts";
import { type Rights, restrictedUser, rightsOf } from "./testing/restricted-user.ts";

// The rights that the README says are enough, on a real server: all that a dispatcher, a worker and an operator do with a queue that is there already.
const services = inject("services");
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  // The latest first: a worker before its backend, a backend before its user.
  for (const end of ends.splice(0).reverse()) await end();
});

let queues = 0;
function newQueue(): string {
  queues += 1;
  return `rights-${process.pid}-${queues}`;
}

const task = defineTask<number, number>({
  name: "double",
  maxAttempts: 2,
  handler: async (n, { attempt }) => {
    if (n === 1 && attempt === 1) throw new Error("not yet");
    if (n === 2) throw new Dead("never");
    return 2 * n;
  },
});

/** As somebody who may do all. */
async function deleteQueues(url: string, queue: string): Promise<void> {
  const client = await connect(url);
  const channel = await client.createChannel();
  for (const end of ["", ".high", ".low", ".dead"]) await channel.deleteQueue(`dispatch.${queue}${end}`);
  await client.close();
}

async function letters(operator: QueueAdmin): Promise<string[]> {
  const tasks: string[] = [];
  for await (const letter of operator.dead.list()) tasks.push(letter.task);
  return tasks;
}

async function send(backend: RabbitBackend, queue: string, delayMs = 0): Promise<void> {
  const dispatcher = await Dispatcher.open(backend, { queue, create: false });
  ends.push(() => dispatcher.close());
  await dispatcher.send(task, 0, { delayMs });
}

/** Rejects with the first call that fails: servers before 4.3 refuse a worker nothing before it takes something. */
async function refused(start: (observer: Observer) => Promise<() => Promise<void>>): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const stop = await start((event) => {
    if (event.event === "call" && event.code !== undefined) reject(event);
  });
  ends.push(stop);
  return promise;
}

const work = (backend: RabbitBackend, queue: string) =>
  refused(async (observer) => {
    const worker = await Worker.start(backend, task, { queue, create: false, observer });
    return () => worker.stop();
  });

const reply = (backend: RabbitBackend, queue: string) =>
  refused(async (observer) => {
    const dispatcher = await Dispatcher.open(backend, { queue, create: false, coordinator: "me", observer });
    return () => dispatcher.close();
  });

type Attempt = (backend: RabbitBackend, queue: string) => Promise<unknown>;

/** What cannot be done, as whom, without which right. */
const missing: readonly [string, string, Partial<Rights>, Attempt][] = [
  ["make queues", "worker", {}, (backend, queue) => QueueAdmin.open(backend, { queue: `${queue}-2`, create: true })],
  ["take tasks", "worker", { read: "^$" }, work],
  ["have replies", "dispatcher", { configure: "^$" }, reply],
  ["read replies", "dispatcher", { read: "^$" }, reply],
  ["send", "dispatcher", { write: "^$" }, send],
  ["send for later", "dispatcher", { write: "^amq\\.default$" }, (backend, queue) => send(backend, queue, 500)],
  ["look at dead letters", "operator", { read: "^$" }, (backend, queue) => QueueAdmin.open(backend, { queue, create: false }).then(letters)], // biome-ignore format: one line
];

for (const name of ["rabbitmq", "rabbitmq310"]) {
  const { url = "", admin = "", version = "" } = services[name] ?? {};
  describe.skipIf(admin === "")(`rights on ${name} ${version}`, () => {
    async function backendOf(rights: Rights, options: RabbitBackendOptions = {}): Promise<RabbitBackend> {
      const user = await restrictedUser(url, admin, rights);
      ends.push(() => user.remove());
      const backend = rabbitmq({ url: user.url, heartbeatMs: 1_000, ...options });
      ends.push(() => backend.close());
      return backend;
    }
    async function made(queue: string): Promise<void> {
      const admin = await QueueAdmin.open(await backendOf(rightsOf("whoever", queue)), { queue, create: true });
      ends.push(() => deleteQueues(url, queue));
      await admin.close();
    }

    it("of the README are enough", async () => {
      const queue = newQueue();
      await made(queue);
      const worker = await Worker.start(await backendOf(rightsOf("worker", queue)), task, {
        queue,
        create: false,
        backoff: { baseMs: 100 },
      });
      ends.push(() => worker.stop());
      const dispatcher = await Dispatcher.open(await backendOf(rightsOf("dispatcher", queue)), {
        queue,
        create: false,
      });
      ends.push(() => dispatcher.close());
      const outcomes: string[] = [];
      // Retried after a delay, dead, and sent for later.
      const inputs = [0, 1, 2, 3];
      for await (const { index, outcome } of dispatcher.run(task, inputs, { delayMs: 200 })) outcomes[index] = outcome;
      expect(outcomes).toEqual(["completed", "completed", "dead", "completed"]);
      const operator = await QueueAdmin.open(await backendOf(rightsOf("operator", queue)), { queue, create: false });
      expect((await operator.status()).dead).toBe(1);
      expect(await letters(operator)).toEqual(["double"]);
      expect(await operator.dead.redrive({ all: true })).toBe(1);
      await expect.poll(() => letters(operator), { timeout: 10_000 }).toEqual(["double"]);
      expect(await operator.dead.purge()).toBe(1);
      expect(await operator.purge()).toBe(0);
    }, 30_000);

    it("of the README are enough for a dispatcher whose connections were lost", async () => {
      const queue = newQueue();
      await made(queue);
      const worker = await Worker.start(await backendOf(rightsOf("worker", queue)), task, { queue, create: false });
      ends.push(() => worker.stop());
      const proxy = await TcpProxy.start({ host: new URL(url).hostname, port: Number(new URL(url).port) });
      ends.push(() => proxy.close());
      const through = { host: proxy.host, port: proxy.port };
      const dispatcher = await Dispatcher.open(await backendOf(rightsOf("dispatcher", queue), through), {
        queue,
        create: false,
      });
      ends.push(() => dispatcher.close());
      const run = () => dispatcher.run(task, [3], { globalTimeoutMs: 10_000 }).results();
      expect(await run()).toMatchObject([{ outcome: "completed" }]);
      proxy.reset();
      expect(await run()).toMatchObject([{ outcome: "completed" }]);
    }, 30_000);

    it("that are missing for one message stop no other, and leave at most one copy of each", async () => {
      const queue = newQueue();
      await made(queue);
      const work = { role: "work", name: "normal", of: queue } as const;
      const backend = await backendOf({
        ...rightsOf("dispatcher", queue),
        write: `^(amq\\.default|dispatch\\.delay\\.27|dispatch\\.${queue})$`,
      });
      await open(backend, { receive: [], send: [work], create: false });
      const later = (text: string) => frame(text, { delayMs: 500 });
      const good = frames(..."abcdefghijklmnopqrst");
      const said = async (all: readonly OutFrame[]) =>
        (await backend.send(work, all, AbortSignal.timeout(10_000))).map((outcome) =>
          typeof outcome === "object" ? backend.classify(outcome.failed).code : outcome,
        );
      const ok = good.map(() => "ok");
      expect(await said(good)).toEqual(ok);
      // On a channel that has been used, beside another call.
      const [refused, beside] = await Promise.all([said([later("1"), ...good, later("2")]), said(good)]);
      expect(refused).toEqual(["DENIED", ...ok, "DENIED"]);
      expect(beside).toEqual(ok);
      expect(await said([...good, later("3")])).toEqual([...ok, "DENIED"]);
      const client = await connect(url);
      ends.push(() => client.close());
      const channel = await client.createChannel();
      const { messageCount } = await channel.checkQueue(`dispatch.${queue}`);
      // Behind the first that is refused nothing is taken, before it everything.
      expect(messageCount).toBeGreaterThanOrEqual(4 * good.length);
      expect(messageCount).toBeLessThanOrEqual(5 * good.length);
    }, 30_000);

    it.each(missing)(
      "where one is missing to %s say DENIED, and what of",
      async (_, who, without, attempt) => {
        const queue = newQueue();
        await made(queue);
        const backend = await backendOf({ ...rightsOf(who, queue), ...without });
        const refusal = await attempt(backend, queue).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ code: "DENIED", message: expect.stringMatching(/access to .* refused/i) });
      },
      30_000,
    );
  });
}
