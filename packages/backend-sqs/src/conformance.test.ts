import { register } from "@org/dispatch-testkit";
import { afterAll } from "vitest";
import { sqs } from "./index.ts";
import { inProcess } from "./testing/in-process.ts";
import { levels, longPollingMs, sideBySide, timeoutMs } from "./testing/side-by-side.ts";

const { url, server } = await inProcess();
afterAll(() => server.stop());

register(
  { backend: (namespace) => sqs({ namespace, url, longPollingMs }), name: "conformance of fauxqs", levels, timeoutMs },
  sideBySide,
);
register(
  {
    backend: (namespace) => sqs({ namespace, url, longPollingMs, fifo: true }),
    name: "conformance of fauxqs with FIFO lanes",
    levels: ["seam"],
    timeoutMs,
  },
  sideBySide,
);
