import { VirtualClock } from "@org/dispatch-core";
import { describe, expect, it } from "vitest";
import { kafka } from "./index.ts";
import { kafkajsPort } from "./kafkajs/kafkajs-port.ts";
import { ownClient } from "./kafkajs/own-client.ts";
import { LEASE_MS, never, refusal, WORK } from "./testing/opened.ts";
import { PlayedKafka, PlayedPort } from "./testing/played-kafka.ts";

describe("an end", () => {
  it("ends an open that is under way, though nobody answers it", async () => {
    const clock = new VirtualClock();
    const port = new PlayedPort(new PlayedKafka(clock));
    port.isDead = true;
    const backend = kafka({ port });
    const opening = refusal(backend, backend.open({ receive: [WORK], send: [], create: true, leaseMs: LEASE_MS, clock }, never)); // biome-ignore format: one line
    await clock.settle();
    await backend.close();
    expect(await opening).toBe("CLOSED");
  });

  it("is the last of all connections: what kafkajs, or a backend, had begun makes none any more", async () => {
    const socketFactory = () => {
      throw new Error("a connection was made");
    };
    const { client, dispose } = ownClient({ brokers: ["127.0.0.1:1"], socketFactory });
    const port = kafkajsPort({ client, compression: 0, ackMs: 1_000, dispose });
    const link = port.link();
    await port.close();
    const asked = [port.partitions(["t"]), port.settings(["t"]), link.fetch("1", [], { waitMs: 1, partitionBytes: 1 }), port.link().heartbeat("g", { memberId: "m", generation: 1 })]; // biome-ignore format: one list
    expect((await Promise.allSettled(asked)).map((one) => one.status === "rejected" && port.classify(one.reason).code)).toEqual(asked.map(() => "CLOSED")); // biome-ignore format: one line
    await expect(client.admin().connect()).rejects.toThrow("the backend is closed");
  });
});
