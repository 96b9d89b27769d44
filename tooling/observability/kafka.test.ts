import { rm, writeFile } from "node:fs/promises";
import { down } from "../services/lifecycle.ts";
import { needService } from "../services/need-service.ts";
import { instancesFolder } from "../services/places.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { observe } from "./observed-broker.ts";

// A broker of this file's own: it stands still, and its clients go to the address that it tells them, past any proxy.
observe("kafka", async () => {
  process.env.DISPATCH_SERVICES_SET = `observability-kafka-${process.pid}`;
  process.env.DISPATCH_TEST_KAFKA_URL = "";
  const line = await needService("kafka");
  if (line === undefined) return undefined;
  const [pid = 0] = [line.pid ?? []].flat();
  const config = `${await temporaryFolder("observability-kafka-config")}/kafka.json`;
  // Sessions that end soon after their process has; few partitions for few workers.
  const connection = { url: line.url, partitions: 3, sessionTimeoutMs: 3_000 };
  await writeFile(config, JSON.stringify({ backend: "kafka", connection }));
  return {
    options: ["--config", config],
    away: [{ leave: () => process.kill(pid, "SIGSTOP"), comeBack: async () => process.kill(pid, "SIGCONT") }],
    async end() {
      process.kill(pid, "SIGCONT");
      await down("all");
      await rm(instancesFolder(), { recursive: true, force: true });
    },
  };
});
