import { createServer, request } from "node:http";
import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { readLines } from "../../../tooling/observability/samples.ts";
import { type ServeOptions, serveMetrics } from "./http-server.ts";
import { made } from "./testing/events.ts";
import { opened } from "./testing/opened.ts";

async function serving(options: Partial<ServeOptions> = {}) {
  const world = opened();
  const server = await serveMetrics(world.metrics, { host: "127.0.0.1", port: 0, ...options });
  onTestFinished(() => server.close());
  const get = async (path: string, method = "GET") => {
    const response = await fetch(`${server.url}${path}`, { method });
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };
  return { ...world, server, get };
}

describe("what is served", () => {
  it("metrics, as a scraper reads them", async () => {
    const { get, tell } = await serving();
    tell(made.call(), made.dispatched());
    const { status, type, text } = await get("/metrics?x=1");
    expect([status, type]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    expect(readLines(text)).toContainEqual({
      name: "dispatch_cases_dispatched_total",
      labels: { backend: "memory", queue: "mails", task: "_other" },
      value: 1,
    });
    expect(text).toMatch(/# HELP dispatch_task_process_seconds .+\n# TYPE dispatch_task_process_seconds histogram\n/);
  });

  it("that it lives, that it is ready or why not, and how many workers there should be", async () => {
    const { get, tell } = await serving();
    expect(await get("/livez")).toMatchObject({ status: 200, text: "ok\n" });
    const red = await get("/readyz");
    expect([red.status, JSON.parse(red.text)]).toMatchObject([
      503,
      { ready: false, reasons: ["no broker has answered yet"] },
    ]);
    tell(made.call(), made.status({ ready: 3, oldestAgeMs: 0 }));
    const green = await get("/readyz");
    expect([green.status, green.type, JSON.parse(green.text)]).toMatchObject([
      200,
      "application/json; charset=utf-8",
      { ready: true },
    ]);
    expect(JSON.parse((await get("/scale")).text)).toMatchObject({ backlog: 3, drainSeconds: null, desiredWorkers: 1 });
  });

  it("nothing else, and to readers only", async () => {
    const { get } = await serving();
    expect(await get("/")).toMatchObject({ status: 404, text: "there are /metrics, /livez, /readyz, /scale\n" });
    expect((await get("/constructor")).status).toBe(404);
    expect((await get("/metrics", "POST")).status).toBe(405);
    expect(await get("/livez", "HEAD")).toMatchObject({ status: 200, text: "" });
  });

  it("to who asks for it by its whole address, as a proxy does", async () => {
    const { server } = await serving();
    const { host, hostname, port } = new URL(server.url);
    const statusOf = (path: string) =>
      new Promise((resolve) => {
        request({ host: hostname, port, path }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).end();
      });
    expect(await statusOf(`http://${host}/livez`)).toBe(200);
    expect(await statusOf(`HTTP://${host}/scale?queue=mails`)).toBe(200);
    expect(await statusOf(`http://${host}`)).toBe(404);
    expect(await statusOf(`/http://${host}/livez`)).toBe(404);
  });

  it("a page that fails is a 500 that does not say what was thrown, and the next one is served", async () => {
    const { get, metrics } = await serving();
    metrics.registry.registerMetric({
      name: "broken",
      get: () => Promise.reject(new Error("no answer: postgres://mails:hunter2@db")),
    } as never);
    const { status, text } = await get("/metrics");
    expect([status, text]).toEqual([500, expect.stringMatching(/^this page could not be made/)]);
    expect(text).not.toContain("hunter2");
    metrics.registry.removeSingleMetric("broken");
    expect((await get("/metrics")).status).toBe(200);
  });
});

describe("asking the broker first", () => {
  it("once for all who ask at the same time, and within a second", async () => {
    let looks = 0;
    const { get } = await serving({
      look: async () => {
        looks += 1;
      },
    });
    await Promise.all([get("/metrics"), get("/readyz"), get("/scale"), get("/livez")]);
    await get("/readyz");
    expect(looks).toBe(1);
  });

  it("what the look tells is in the answer; one that fails takes nothing away", async () => {
    const world = opened();
    let fails = false;
    const look = async () => {
      if (fails) throw new Error("away");
      world.tell(made.call(), made.status({ ready: 9 }));
    };
    const server = await serveMetrics(world.metrics, { host: "127.0.0.1", port: 0, look });
    onTestFinished(() => server.close());
    const backlog = async () => ((await (await fetch(`${server.url}/scale`)).json()) as { backlog: number }).backlog;
    expect(await backlog()).toBe(9);
    fails = true;
    expect(await backlog()).toBe(9);
  });

  it("an answer does not wait for a broker that never answers", async () => {
    let free: () => void = () => {};
    const { get } = await serving({ look: () => new Promise<void>((resolve) => { free = resolve; }) }); // biome-ignore format: one line
    const begun = performance.now();
    expect((await get("/readyz")).status).toBe(503);
    expect(performance.now() - begun).toBeGreaterThan(2_900);
    free();
  }, 20_000);
});

describe("the server", () => {
  it("closes though a broker never answers", async () => {
    const server = await serveMetrics(opened().metrics, {
      host: "127.0.0.1",
      port: 0,
      look: () => new Promise(() => {}),
    });
    const asked = fetch(`${server.url}/readyz`).catch(() => "gone");
    await new Promise((resolve) => setTimeout(resolve, 100));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => { timer = setTimeout(resolve, 6_000, "late"); }); // biome-ignore format: one line
    expect(await Promise.race([server.close(), late])).toBeUndefined();
    clearTimeout(timer);
    expect(await asked).toBe("gone");
  }, 20_000);

  it("rejects where it cannot listen", async () => {
    const other = createServer().listen({ host: "127.0.0.1", port: 0 });
    await new Promise((resolve) => other.once("listening", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    await expect(serving({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("closes beside connections that are open, and listens on IPv6 where it is told so", async () => {
    const { server } = await serving();
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    const kept = request(`${server.url}/livez`).end();
    await new Promise((resolve) => kept.once("response", resolve));
    await server.close();
    await ended;
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
  });
});
