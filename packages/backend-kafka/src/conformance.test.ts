import { register, type TestRunner } from "@org/dispatch-testkit";
import { describe, inject, it } from "vitest";
import { bentSession } from "../../../tooling/conformance/bent-wires.ts";
import { kafka } from "./index.ts";

const sideBySide: TestRunner = { describe, it: it.concurrent };
const levels = (process.env.LV?.split(",") ?? ["seam"]) as ("seam" | "system" | "chaos")[];
/** A holder that is gone is noticed soon. */
const sessionTimeoutMs = 2_000;
/** Some cases wait for many sessions. */
const timeoutMs = 180_000;

const { kafka: line } = inject("services");
if (line === undefined)
  describe.skip("conformance of Kafka: it cannot be had here", () => it("needs a server", () => {}));
else {
  const { url, version } = line;
  for (const partitions of [3, 1]) {
    const options = (namespace: string) => ({
      namespace: `${namespace}.${partitions}`,
      url,
      partitions,
      sessionTimeoutMs,
    });
    const name = `conformance of Kafka ${version} with ${partitions === 1 ? "one partition" : `${partitions} partitions`}`;
    const backend = (namespace: string) => kafka(options(namespace));
    const proxy = (namespace: string) =>
      bentSession((socketFactory) => kafka({ ...options(namespace), connection: { socketFactory } }));
    register({ backend, proxy, name, levels, timeoutMs, concurrency: Number(process.env.CC ?? 4) }, sideBySide);
  }
}
