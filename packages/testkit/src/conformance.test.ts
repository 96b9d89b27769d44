import { memory } from "@org/dispatch-core/memory";
import { countingGrants, without } from "./decorators/facts.ts";
import { slow } from "./decorators/slow.ts";
import { conformance } from "./vitest.ts";

const plain = (namespace: string) => memory({ namespace });
const core = ["system", "chaos"] as const;

conformance({ backend: plain, name: "memory", levels: ["seam", ...core] });
conformance({
  backend: (name) => countingGrants(plain(name)),
  name: "memory that counts grants",
  levels: ["seam", ...core],
});
conformance({ backend: (name) => without(plain(name), "move"), name: "memory without move", levels: core });
conformance({
  backend: (name) => without(plain(name), "move", "depth", "remove"),
  name: "memory with little",
  levels: core,
});
conformance({ backend: (name) => slow(plain(name), { ms: 40 }), name: "memory far away", levels: core, slackMs: 400 });
