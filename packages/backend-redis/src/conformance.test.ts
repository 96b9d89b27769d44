import { readFileSync } from "node:fs";
import { register, type TestRunner } from "@org/dispatch-testkit";
import { describe, inject, it } from "vitest";
import { redis } from "./index.ts";

const services = inject("services");
const sideBySide: TestRunner = { describe, it: it.concurrent };

for (const [name, line] of Object.entries(services)) {
  if (line === undefined) {
    describe.skip(`conformance of ${name}: it cannot be had here`, () => it("needs a server", () => {}));
    continue;
  }
  const { url, ca } = line;
  const tls = ca === undefined ? undefined : { ca: readFileSync(ca) };
  const backend = (namespace: string) => redis({ namespace: `dispatch.${namespace}`, url, tls });
  register(
    { backend, name: `conformance of ${name} ${line.version}`, levels: ["seam", "system", "chaos"] },
    sideBySide,
  );
}
