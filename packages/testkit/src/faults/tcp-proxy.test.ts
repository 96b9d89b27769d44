import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type EchoClient, echoClient, echoServer } from "./echo.ts";
import { TcpProxy } from "./tcp-proxy.ts";

let server: Awaited<ReturnType<typeof echoServer>>;
let proxy: TcpProxy;
const clients: EchoClient[] = [];

beforeEach(async () => {
  server = await echoServer();
  proxy = await TcpProxy.start({ port: server.port, random: () => 0.5 });
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy.close();
  await server.close();
});

const dial = async () => {
  const client = await echoClient(proxy.port);
  clients.push(client);
  return client;
};
const soon = (assertion: () => void) => vi.waitFor(assertion, { timeout: 4_000, interval: 5 });
const says = async (client: EchoClient, text: string) => {
  const before = client.bytes().length;
  const at = performance.now();
  client.socket.write(text);
  await soon(() => expect(client.text().slice(before)).toBe(text));
  return performance.now() - at;
};
/** Long enough for anything that were to come by loopback. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 100));

describe("without a fault", () => {
  it("passes every byte, both ways, and the end of each", async () => {
    const client = await dial();
    const all = Buffer.alloc(
      3 * 1024 * 1024,
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
    );
    client.socket.write(all);
    await soon(() => expect(client.bytes().length).toBe(all.length));
    expect(client.bytes().equals(all)).toBe(true);
    client.socket.end();
    await soon(() => expect(client.ends).toEqual(["end", "close"]));
    await soon(() => expect(proxy.connections).toBe(0));
    expect(server.heard.at(-1)).toBe("end");
  });

  it("counts the connections that there are and were", async () => {
    const one = await dial();
    await dial();
    await soon(() => expect([proxy.connections, proxy.accepted]).toEqual([2, 2]));
    one.socket.destroy();
    await soon(() => expect([proxy.connections, proxy.accepted]).toEqual([1, 2]));
  });

  it("refuses a client whose server is not there", async () => {
    await server.close();
    const client = await dial();
    await soon(() => expect(client.ends.at(-1)).toBe("close"));
    server = await echoServer();
  });
});

describe("latency", () => {
  it("delays each direction by the latency and a share of the jitter, keeps the order, and ends", async () => {
    const client = await dial();
    proxy.latency(60, 40);
    // random is 0.5: 80 ms a way.
    expect(await says(client, "a")).toBeGreaterThanOrEqual(158);
    proxy.latency(250, 0, "down");
    proxy.latency(0, 0, "up");
    const tookMs = await says(client, "b");
    expect(tookMs).toBeGreaterThanOrEqual(249);
    for (const text of ["c", "d", "e"]) client.socket.write(text);
    await soon(() => expect(client.text()).toBe("abcde"));
    proxy.heal();
    expect(await says(client, "f")).toBeLessThan(tookMs);
  });
});

describe("bandwidth", () => {
  it("passes no more bytes a second than it is told", async () => {
    const client = await dial();
    proxy.bandwidth(50_000, "up");
    expect(await says(client, "x".repeat(30_000))).toBeGreaterThanOrEqual(580);
    proxy.bandwidth(0);
    expect(await says(client, "y".repeat(30_000))).toBeLessThan(580);
  });
});

describe("reset", () => {
  it("is a reset at both ends, and a new connection is served", async () => {
    const client = await dial();
    await says(client, "a");
    proxy.reset();
    await soon(() => expect(client.ends).toEqual(["ECONNRESET", "close"]));
    await soon(() => expect(server.heard).toEqual(["a", "error"]));
    expect(await says(await dial(), "b")).toBeGreaterThan(0);
  });

  it("of a connection of which one direction is just ending gives both sockets back", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap");
    const client = await dial();
    await says(client, "a");
    proxy.halfClose("down");
    proxy.reset();
    await soon(() => expect(client.ends).toEqual(["end"]));
    // Who has read the end only learns the rest by writing: the first is answered with a reset, the next one fails.
    await soon(() => {
      client.socket.write("b");
      expect(client.ends.at(-1)).toBe("close");
    });
    await soon(() => expect(sockets()).toEqual([]));
  });
});

describe("halfClose", () => {
  it("down: the client sees the end, the server still hears it", async () => {
    const client = await dial();
    await says(client, "a");
    proxy.halfClose("down");
    await soon(() => expect(client.ends).toEqual(["end"]));
    client.socket.write("b");
    await soon(() => expect(server.heard).toEqual(["a", "b"]));
    await aMoment();
    expect(client.text()).toBe("a");
  });

  it("up: the server sees the end, the client still hears it", async () => {
    const client = await dial();
    await says(client, "a");
    const [socket] = server.sockets;
    socket?.removeAllListeners("end");
    proxy.halfClose("up");
    client.socket.write("b");
    await aMoment();
    socket?.write("still here");
    await soon(() => expect(client.text()).toBe("astill here"));
    expect(server.heard).toEqual(["a"]);
  });
});

describe("blackHole", () => {
  it.each([
    ["up", [] as string[]],
    ["down", ["a"]],
    ["both", []],
  ] as const)("%s: nobody is told, and what was sent arrives when it ends", async (directions, heardMeanwhile) => {
    const client = await dial();
    proxy.blackHole(directions);
    client.socket.write("a");
    await aMoment();
    expect([client.text(), client.ends, server.heard]).toEqual(["", [], heardMeanwhile]);
    proxy.heal();
    await soon(() => expect(client.text()).toBe("a"));
    expect(await says(client, "b")).toBeGreaterThan(0);
  });

  it("holds back the end of a stream too, and connections that are made meanwhile stay silent", async () => {
    const client = await dial();
    await says(client, "a");
    proxy.blackHole("up");
    client.socket.end();
    const other = await dial();
    other.socket.write("b");
    await aMoment();
    expect([server.heard, other.ends]).toEqual([["a"], []]);
    proxy.heal();
    await soon(() => expect([client.ends, other.text()]).toEqual([["end", "close"], "b"]));
  });
});

describe("cutAfter", () => {
  it.each([
    ["down", "abcd", "abcdefgh"],
    ["up", "abcd", "abcd"],
  ] as const)("%s: so many bytes pass, then the connection is reset, once", async (direction, got, heard) => {
    const client = await dial();
    proxy.cutAfter(4, direction);
    client.socket.write("abcdefgh");
    await soon(() => expect(client.ends.at(-1)).toBe("close"));
    expect(client.ends[0]).toBe("ECONNRESET");
    // A reset may overtake what came before it.
    expect(got.startsWith(client.text())).toBe(true);
    await soon(() => expect([heard, "error"]).toContain(server.heard[0]));
    expect(await says(await dial(), "abcdefgh")).toBeGreaterThan(0);
  });

  it("counts over several portions", async () => {
    const client = await dial();
    proxy.cutAfter(4);
    await says(client, "ab");
    await says(client, "cd");
    client.socket.write("e");
    await soon(() => expect(client.ends).toEqual(["ECONNRESET", "close"]));
    expect(client.text()).toBe("abcd");
  });
});

describe("corrupt", () => {
  it.each(["up", "down"] as const)("%s: changes the one byte that it is told, once", async (direction) => {
    const client = await dial();
    proxy.corrupt(3, direction);
    await says(client, "ab");
    client.socket.write("cdef");
    const changed = String.fromCharCode("d".charCodeAt(0) ^ 0xff);
    await soon(() => expect(client.text()).toHaveLength(6));
    expect(client.text()).toBe(`abc${changed}ef`);
    await says(client, "ghij");
  });
});

describe("refuse", () => {
  it("resets what there is and what comes, keeps its port, and ends with heal", async () => {
    const client = await dial();
    await says(client, "a");
    proxy.refuse();
    await soon(() => expect(client.ends).toEqual(["ECONNRESET", "close"]));
    const late = await dial();
    await soon(() => expect(late.ends.at(-1)).toBe("close"));
    await expect(TcpProxy.start({ port: server.port, listenPort: proxy.port })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    proxy.heal();
    expect(await says(await dial(), "b")).toBeGreaterThan(0);
  });
});

describe("down and up", () => {
  it("refuses and resets while it is down, and is back at the same port", async () => {
    const client = await dial();
    await says(client, "a");
    await proxy.down();
    await proxy.down();
    await soon(() => expect(client.ends).toEqual(["ECONNRESET", "close"]));
    const refused = await dial();
    await soon(() => expect(refused.ends).toEqual(["ECONNREFUSED", "close"]));
    await proxy.up();
    await proxy.up();
    expect(await says(await dial(), "b")).toBeGreaterThan(0);
  });
});

it("takes the port that it is told, and says so where that is taken", async () => {
  const other = await TcpProxy.start({ port: server.port });
  await other.close();
  const again = await TcpProxy.start({ port: server.port, listenPort: other.port });
  expect(again.port).toBe(other.port);
  await expect(TcpProxy.start({ port: server.port, listenPort: other.port })).rejects.toMatchObject({
    code: "EADDRINUSE",
  });
  await again.close();
  await again.close();
});
