import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { systemClock } from "@org/dispatch-core";
import type { Backend, OpenOptions } from "@org/dispatch-core/contract";
import { memory } from "@org/dispatch-core/memory";
import { afterEach, beforeEach, expect, it } from "vitest";
import { wrap } from "../decorators/wrap.ts";
import type { Session } from "../world/sessions.ts";
import { echoServer } from "./echo.ts";
import { type Door, throughProxy } from "./through-proxy.ts";

const never = new AbortController().signal;
const options: OpenOptions = { receive: [], send: [], create: true, leaseMs: 1_000, clock: systemClock() };

let server: Awaited<ReturnType<typeof echoServer>>;
let doors: Door[];
let session: Session;

/** A backend of which each `depth` is a round trip to the server. */
function echoing(door: Door): Backend {
  doors.push(door);
  const inner = memory();
  let socket: Socket | undefined;
  const { purge: _, ...verbs } = wrap(inner, {
    async open() {
      socket = connect(door);
      socket.on("error", () => {});
      await once(socket, "connect");
    },
    async depth(_queue, signal) {
      if (socket === undefined || socket.destroyed) {
        socket = connect(door);
        await once(socket, "connect", { signal });
      }
      socket.write("?");
      await Promise.race([
        once(socket, "data", { signal }),
        once(socket, "close", { signal }).then(() => Promise.reject(new Error("closed"))),
      ]);
      return { ready: 0, leased: 0, delayed: 0, exact: true };
    },
    async close() {
      socket?.destroy();
    },
  });
  return verbs;
}

const asks = (signal: AbortSignal = AbortSignal.timeout(5_000)) =>
  session.depth?.({ role: "work", name: "normal", of: "default" }, signal);

beforeEach(async () => {
  doors = [];
  server = await echoServer();
  session = throughProxy({ host: "127.0.0.1", port: server.port }, echoing);
  await session.open(options, never);
});
afterEach(async () => {
  await session.close();
  await server.close();
});

it("is late by as much as it is told, each way, until it is told 0", async () => {
  session.latency?.(60);
  const begun = performance.now();
  await asks();
  expect(performance.now() - begun).toBeGreaterThanOrEqual(115);
  session.latency?.(0);
  const healed = performance.now();
  await asks();
  expect(performance.now() - healed).toBeLessThan(100);
});

it("has the facts and the verbs of the backend, which comes to the broker by a door of its own", async () => {
  expect(session.profile).toBe(memory().profile);
  expect([session.purge, typeof session.browse]).toEqual([undefined, "function"]);
  expect(doors.map(({ port }) => port === server.port)).toEqual([true, false]);
  await asks();
  expect(server.heard).toEqual(["?"]);
});

it("stands still and goes on", async () => {
  session.freeze();
  await expect(asks(AbortSignal.timeout(100))).rejects.toThrow("aborted");
  expect(server.heard).toEqual([]);
  session.thaw();
  await asks();
  session.blackHole?.(true);
  await expect(asks(AbortSignal.timeout(100))).rejects.toThrow("aborted");
  session.blackHole?.(false);
  await asks();
});

it("is cut, and finds its way again", async () => {
  const asked = asks();
  session.cut?.();
  await expect(asked).rejects.toThrow();
  await asks();
});

it("is dead once it was killed", async () => {
  session.kill();
  await expect(asks()).rejects.toThrow();
  session.thaw();
  await expect(asks()).rejects.toThrow();
  expect(server.heard).toEqual([]);
});
