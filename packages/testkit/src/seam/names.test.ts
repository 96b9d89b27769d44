import { memory } from "@org/dispatch-core/memory";
import { expect, it } from "vitest";
import { cases } from "../cases.ts";
import { runCase } from "../run-case.ts";
import { isSessioned, type Session } from "../world/sessions.ts";

const named = cases.find(({ id }) => id === "seam.names.namespaces-that-differ-anywhere");

it.each([
  ["upper case and lower case are one", (namespace: string) => namespace.toLowerCase()],
  ["a dot is a dash", (namespace: string) => namespace.replaceAll(".", "-")],
])("namespaces that are one are noticed: %s", async (_, change) => {
  const brokers = new Map<string, () => Session>();
  const mixed = (namespace: string) => {
    const key = change(namespace);
    const broker = memory({ namespace, character: "redis" });
    if (!brokers.has(key) && isSessioned(broker)) brokers.set(key, () => broker.session());
    return brokers.get(key)?.() ?? broker;
  };
  if (named === undefined) throw new Error("there is no such case");
  await expect(runCase(named, { backend: mixed })).rejects.toThrow("is another one, too");
});

it("a namespace that is refused when the backend is made is left out", async () => {
  const refuses = (namespace: string) => {
    if (namespace.includes("_")) throw Object.assign(new Error("no underscores"), { code: "CONFIG_INVALID" });
    return memory({ namespace });
  };
  if (named === undefined) throw new Error("there is no such case");
  await runCase(named, { backend: refuses });
});
