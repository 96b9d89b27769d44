import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock } from "@org/dispatch-core";
import { TcpProxy } from "@org/dispatch-testkit";
import { type Channel, connect } from "amqplib";
import { describe, expect, inject, it, vi } from "vitest";
import { Line, Link } from "./link.ts";
import { never } from "./testing/opened.ts";

const { rabbitmq: service } = inject("services");

describe.skipIf(service === undefined)("a connection", () => {
  it("whose server answers no more leaves nothing that keeps the process alive", async () => {
    const { hostname, port } = new URL(service?.url ?? "");
    const proxy = await TcpProxy.start({ host: hostname, port: Number(port) });
    const model = await connect({ hostname: proxy.host, port: proxy.port, heartbeat: 1 });
    const line = new Line(model);
    const ended = new Promise((resolve) => line.onEnd(resolve));
    proxy.blackHole("down");
    expect(String(await ended)).toMatch(/Heartbeat timeout/);
    const { stream } = model.connection as unknown as { readonly stream: { readonly destroyed: boolean } };
    expect(stream.destroyed).toBe(true);
    await proxy.close();
  });

  it("remembers no channel that is closed", async () => {
    const line = new Line(await connect(service?.url ?? ""));
    const used: WeakRef<Channel>[] = [];
    const use = async (channel: Channel) => void used.push(new WeakRef(channel));
    for (let times = 0; times < 20; times += 1) await line.on(use, never);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc");
    await vi.waitFor(async () => {
      await turn();
      collect();
      // The last ones may still be closing.
      expect(used.filter((channel) => channel.deref() !== undefined).length).toBeLessThan(3);
    });
    await line.close();
  });

  it("that comes while its backend is closed is closed, too", async () => {
    for (let turns = 0; turns < 20; turns += 1) {
      const ended: Promise<unknown>[] = [];
      const dial = async () => {
        const model = await connect(service?.url ?? "");
        ended.push(new Promise((resolve) => model.on("close", resolve)));
        const tick = (left: number) => void (left > 0 ? queueMicrotask(() => tick(left - 1)) : link.close());
        tick(turns);
        return model;
      };
      const link = new Link({ clock: systemClock(), dial, heartbeatS: 1, restore: async () => {} });
      await link.start(AbortSignal.timeout(5_000)).catch(() => {});
      await Promise.all(ended);
      expect(ended).toHaveLength(1);
    }
  });

  it("that ends leaves nobody waiting for a channel", async () => {
    const line = new Line(await connect(service?.url ?? ""));
    const asked = line.channel();
    line.cut();
    await expect(asked).rejects.toThrow();
    await expect(line.confirmChannel()).rejects.toThrow();
  });
});
