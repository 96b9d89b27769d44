import { library } from "../../tooling/tsup.ts";

export default library(
  {
    index: "src/index.ts",
    vitest: "src/vitest.ts",
    "node-test": "src/node-test.ts",
    "worker-child-main": "src/faults/worker-child-main.ts",
  },
  // `spawnWorker` finds its program beside itself, from CommonJS too.
  { shims: true },
);
