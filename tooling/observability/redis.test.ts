import { TcpProxy } from "../../packages/testkit/dist/index.js";
import { needService } from "../services/need-service.ts";
import { observe } from "./observed-broker.ts";

observe("redis", async () => {
  const line = await needService("redis");
  if (line === undefined) return undefined;
  const proxy = await TcpProxy.start({ port: Number(new URL(line.url).port) });
  return {
    options: ["--backend", `redis://127.0.0.1:${proxy.port}`],
    away: [
      { leave: () => proxy.down(), comeBack: () => proxy.up() },
      { leave: () => proxy.blackHole(), comeBack: async () => proxy.heal() },
    ],
    end: () => proxy.close(),
  };
});
