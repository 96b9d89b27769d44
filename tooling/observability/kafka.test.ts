import { rm, writeFile } from "node:fs/promises";
import { down, up } from "../services/lifecycle.ts";
import { needService } from "../services/need-service.ts";
import { instancesFolder } from "../services/places.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { observe } from "./observed-broker.ts";

// A server of this file's own, since it stands still and is killed: clients of Kafka go to the address that it tells them, past any proxy.
observe("kafka", async () => {
  process.env.DISPATCH_SERVICES_SET = `observability-kafka-${process.pid}`;
  process.env.DISPATCH_TEST_KAFKA_URL = "";
  let line = await needService("kafka");
  if (line === undefined) return undefined;
  const signal = (name: NodeJS.Signals) => {
    for (const pid of [line?.pid ?? []].flat()) process.kill(pid, name);
  };
  const config = `${await temporaryFolder("observability-kafka-config")}/kafka.json`;
  // The group goes on without a worker that was killed as soon as its lease would have ended elsewhere.
  const connection = { url: line.url, sessionTimeoutMs: 3_000 };
  await writeFile(config, JSON.stringify({ backend: "kafka", connection }));
  return {
    options: ["--config", config],
    away: [
      { leave: () => signal("SIGSTOP"), comeBack: async () => signal("SIGCONT") },
      {
        leave: () => signal("SIGKILL"),
        // Its own data, at its own address.
        async comeBack() {
          line = await up("kafka");
        },
      },
    ],
    async end() {
      await down("all");
      await rm(instancesFolder(), { recursive: true, force: true });
    },
  };
});
