import { TcpProxy } from "@org/dispatch-testkit";
import { connect } from "amqplib";
import { describe, expect, inject, it } from "vitest";
import { Line } from "./link.ts";

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
});
