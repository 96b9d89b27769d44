import type { Delivery } from "@org/dispatch-core/contract";
import { TcpProxy } from "@org/dispatch-testkit";
import { connect } from "amqplib";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type RabbitBackend, type RabbitBackendOptions, rabbitmq } from "./index.ts";
import {
  acks,
  DEAD,
  frame,
  frames,
  LEASE_MS,
  never,
  newNamespace,
  open,
  opened,
  refusal,
  take,
  takeAll,
  textsOf,
  WORK,
} from "./testing/opened.ts";
import { type OwnServer, ownServer } from "./testing/own-server.ts";

// What a server and a network can do to the backend; on a server of this file's own.
let server: OwnServer;
const backends: RabbitBackend[] = [];
const proxies: TcpProxy[] = [];

beforeAll(async () => {
  server = await ownServer("faults");
});
afterAll(() => server.end());
afterEach(async () => {
  await Promise.all(backends.splice(0).map((backend) => backend.close()));
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

async function backendAt(options: RabbitBackendOptions = {}): Promise<RabbitBackend> {
  const backend = await opened({ url: server.url, ...options });
  backends.push(backend);
  return backend;
}

async function proxied(): Promise<[RabbitBackend, TcpProxy]> {
  const proxy = await TcpProxy.start(server);
  proxies.push(proxy);
  return [await backendAt({ url: server.url, host: proxy.host, port: proxy.port }), proxy];
}

/** Until a send gets through again. */
const sends = (backend: RabbitBackend, text: string) =>
  vi.waitFor(async () => expect(await backend.send(WORK, frames(text), AbortSignal.timeout(1_000))).toEqual(["ok"]), {
    timeout: 40_000,
    interval: 50,
  });

/** So many frames, from when a receive gets through again: that has a connection of its own, which may be back later. */
const comes = async (backend: RabbitBackend, count: number) => {
  const all: Delivery[] = [];
  const more = async () => {
    all.push(...(await take(backend, { max: count - all.length })));
    expect(all.length).toBeGreaterThanOrEqual(count);
  };
  await vi.waitFor(more, { timeout: 40_000, interval: 50 });
  return all;
};

describe("connections", () => {
  it("are made again when the server closes them: who waits goes on waiting, what was held is lost and comes again", async () => {
    const backend = await backendAt();
    await backend.send(WORK, frames("a"), never);
    const held = await take(backend);
    const waiting = take(backend, { waitMs: 15_000 });
    await server.ctl("close_all_connections", "because");
    const again = await waiting;
    expect(textsOf(again)).toEqual(["a"]);
    expect(again.map(({ redelivery }) => redelivery)).toEqual([1]);
    expect(await backend.settle(acks(...held), never)).toEqual(["lost"]);
    expect(
      await backend.renew(
        held.map(({ receipt }) => receipt),
        LEASE_MS,
        never,
      ),
    ).toEqual(["lost"]);
    expect(await backend.settle(acks(...again), never)).toEqual(["ok"]);
    await sends(backend, "b");
    expect(textsOf(await comes(backend, 1))).toEqual(["b"]);
  }, 30_000);

  it("wait for an application that is stopped and started; what was confirmed is there", async () => {
    const backend = await backendAt();
    await backend.send(WORK, frames("a"), never);
    await server.ctl("stop_app");
    await vi.waitFor(async () =>
      expect(await refusal(backend, backend.send(WORK, frames("b"), never))).toBe("UNAVAILABLE"),
    );
    expect(await refusal(backend, backend.depth(WORK, never))).toBe("UNAVAILABLE");
    await server.ctl("start_app");
    await sends(backend, "c");
    expect(textsOf(await comes(backend, 2))).toEqual(["a", "c"]);
  }, 60_000);

  it("to a server that has lost its data make again all that was made, the ladder too, before anything is sent", async () => {
    const virtualHost = `lost-${process.pid}`;
    const makeHost = async () => {
      await server.ctl("add_vhost", virtualHost);
      await server.ctl("set_permissions", "-p", virtualHost, "guest", ".*", ".*", ".*");
    };
    await makeHost();
    const backend = await backendAt({ virtualHost });
    await server.ctl("delete_vhost", virtualHost);
    await makeHost();
    const answers: unknown[] = [];
    const sent = async () => {
      const frames = [frame("later", { delayMs: 300 }), frame("now")];
      answers.push(...(await backend.send(WORK, frames, AbortSignal.timeout(1_000))));
    };
    await vi.waitFor(sent, { timeout: 20_000, interval: 50 });
    expect(answers).toEqual(["ok", "ok"]);
    expect(textsOf(await comes(backend, 2))).toEqual(["now", "later"]);
    await server.ctl("delete_vhost", virtualHost);
  }, 60_000);

  it("answer each verb by its signal where nothing arrives, and are found dead by their heartbeat", async () => {
    const [backend, proxy] = await proxied();
    await backend.send(WORK, frames("a"), never);
    const [held] = await take(backend);
    if (held === undefined) throw new Error("nothing came");
    const high = { ...WORK, name: "high" };
    await open(backend, { receive: [], send: [high] });
    proxy.blackHole();
    const startedAt = performance.now();
    const calls = [
      backend.send(WORK, frames("b"), AbortSignal.timeout(300)),
      backend.depth(WORK, AbortSignal.timeout(300)),
      backend.purge(WORK, AbortSignal.timeout(300)),
      // It is there already; what is missing is a channel to receive over.
      open(backend, { receive: [high], send: [] }, AbortSignal.timeout(300)),
    ];
    expect(await Promise.all(calls.map((call) => refusal(backend, call)))).toEqual(Array(4).fill("TIMED_OUT"));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    // Two heartbeats of a second, seen at the third.
    await vi.waitFor(async () => expect(await backend.renew([held.receipt], LEASE_MS, never)).toEqual(["lost"]), {
      timeout: 8_000,
    });
    proxy.heal();
    await sends(backend, "c");
    const found = textsOf(await comes(backend, 2));
    // What nobody knows of may arrive after all, as soon as the network lets it.
    if (found.includes("b")) found.push(...textsOf(await comes(backend, 1)));
    expect(found.filter((text) => text !== "b").sort()).toEqual(["a", "c"]);
  }, 60_000);

  it("say why there are none", async () => {
    const stranger = await backendAt();
    const nobody = rabbitmq({ url: server.url, password: "wrong" });
    backends.push(nobody);
    expect(await refusal(nobody, open(nobody))).toBe("DENIED");
    const lost = rabbitmq({ url: server.url, virtualHost: "nowhere" });
    backends.push(lost);
    expect(await refusal(lost, open(lost))).toBe("UNAVAILABLE");
    expect(await refusal(stranger, stranger.depth(WORK, never))).toBe("ok");
  });

  it("leave nothing behind", async () => {
    const [backend, proxy] = await proxied();
    const waiting = take(backend, { waitMs: 20_000 });
    await vi.waitFor(() => expect(proxy.connections).toBe(2));
    await backend.close();
    expect(await waiting).toEqual([]);
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
  });

  it("may be made by the user", async () => {
    const heartbeats: number[] = [];
    const backend = await opened({
      connect: ({ heartbeatS }) => {
        heartbeats.push(heartbeatS);
        return connect({ hostname: server.host, port: server.port, heartbeat: heartbeatS }, { noDelay: true });
      },
    });
    backends.push(backend);
    expect(heartbeats).toEqual([1, 1]);
    await backend.send(WORK, frames("a"), never);
    expect(textsOf(await take(backend))).toEqual(["a"]);
  });
});

describe("an alarm", () => {
  it("refuses sends as THROTTLED, lets what is held be settled, and passes", async () => {
    const backend = await backendAt();
    await backend.send(WORK, frames("a", "b"), never);
    const held = await takeAll(backend, 2);
    await server.ctl("set_vm_memory_high_watermark", "0.0001");
    try {
      // The server says so to a connection that publishes, at its next message.
      expect(await refusal(backend, backend.send(WORK, frames("c"), AbortSignal.timeout(2_000)))).toBe("THROTTLED");
      expect(await refusal(backend, backend.send(WORK, frames("c"), never))).toBe("THROTTLED");
      expect(await backend.settle(acks(...held), never)).toEqual(["ok", "ok"]);
    } finally {
      await server.ctl("set_vm_memory_high_watermark", "0.6");
    }
    await sends(backend, "d");
    const rest = await take(backend);
    expect(textsOf(rest)).not.toContain("a");
  }, 40_000);
});

describe("a consumer that the server gives up", () => {
  it("loses what it held, and another one takes its place", async () => {
    const backend = await backendAt({ consumerTimeoutMs: 3_000 });
    await server.ctl("eval", "application:set_env(rabbit, channel_tick_interval, 1000).");
    await backend.send(WORK, frames("a"), never);
    const [held] = await take(backend);
    if (held === undefined) throw new Error("nothing came");
    // Somebody renews it all the time.
    await vi.waitFor(async () => expect(await backend.renew([held.receipt], LEASE_MS, never)).toEqual(["lost"]), {
      timeout: 30_000,
      interval: 200,
    });
    const again = await take(backend, { waitMs: 10_000 });
    expect(textsOf(again)).toEqual(["a"]);
    expect(await backend.settle(acks(held), never)).toEqual(["lost"]);
    expect(await backend.settle(acks(...again), never)).toEqual(["ok"]);
  }, 60_000);

  it("because its queue was deleted ends who waits, soon and without losing the connection, and says MISSING at the next receive", async () => {
    const namespace = newNamespace();
    const backend = await backendAt({ namespace });
    await backend.send(DEAD, frames("held"), never);
    const held = await take(backend, {}, DEAD);
    const waiting = take(backend, { waitMs: 25_000 });
    await server.ctl("delete_queue", `${namespace}.default`);
    const deletedAt = performance.now();
    expect(await waiting).toEqual([]);
    expect(performance.now() - deletedAt).toBeLessThan(5_000);
    expect(await refusal(backend, take(backend, { waitMs: 500 }))).toBe("MISSING");
    expect(await backend.settle(acks(...held), never)).toEqual(["ok"]);
    expect(await backend.send(WORK, frames("a"), never)).toEqual(["gone"]);
    await open(backend, { receive: [WORK] });
  }, 30_000);
});

describe("delays", () => {
  it("outlive a restart, and what is due in a queue that is gone is kept aside", async () => {
    const namespace = newNamespace();
    const backend = await backendAt({ namespace });
    await backend.send(WORK, [frame("later", { delayMs: 3_000 })], never);
    await server.restart();
    await sends(backend, "now");
    expect(textsOf(await comes(backend, 2)).sort()).toEqual(["later", "now"]);
    await server.ctl("delete_queue", `${namespace}.default`);
    await backend.send(WORK, [frame("for nobody", { delayMs: 100 })], never);
    await vi.waitFor(
      async () =>
        expect(await server.ctl("list_queues", "name", "messages")).toMatch(/dispatch\.delay\.unrouted\t[1-9]/),
      {
        timeout: 15_000,
        interval: 500,
      },
    );
  }, 180_000);
});
