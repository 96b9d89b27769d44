import { conformance } from "@org/dispatch-testkit/vitest";
import { afterAll } from "vitest";
import { sqs } from "./index.ts";
import { inProcess } from "./testing/in-process.ts";
import { common, levels, longPollingMs } from "./testing/suite.ts";

const { url, server } = await inProcess();
afterAll(() => server.stop());

conformance({
  ...common,
  backend: (namespace) => sqs({ namespace, url, longPollingMs }),
  name: "conformance of fauxqs",
  levels,
});
conformance({
  ...common,
  backend: (namespace) => sqs({ namespace, url, longPollingMs, fifo: true }),
  name: "conformance of fauxqs with FIFO lanes",
  levels: ["seam", "system"],
});
