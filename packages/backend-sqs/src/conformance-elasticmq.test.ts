import { conformance } from "@org/dispatch-testkit/vitest";
import { describe, inject, it } from "vitest";
import { sqs } from "./index.ts";
import { common, levels, longPollingMs } from "./testing/suite.ts";

const { sqs: line } = inject("services");
const isFull = process.env.DISPATCH_TEST_FULL === "1";

if (line === undefined)
  describe.skip("conformance of ElasticMQ: it cannot be had here", () => it("needs a server", () => {}));
else {
  const { url, version } = line;
  const name = `conformance of ElasticMQ ${version}`;
  // The other levels take several minutes, and say little that they do not say on fauxqs: in `./dev test --full`.
  const own = isFull ? levels : (["seam"] as const);
  conformance({ ...common, backend: (namespace) => sqs({ namespace, url, longPollingMs }), name, levels: own });
  conformance({
    ...common,
    backend: (namespace) => sqs({ namespace, url, longPollingMs, fifo: true }),
    name: `${name} with FIFO lanes`,
    levels: ["seam"],
  });
}
