#!/usr/bin/env node
// No static import here may reach core: a Node that is too old cannot even load it, and says so with a stack.
import { createRequire } from "node:module";
import { refusalOf } from "./node-floor.ts";

const { version, engines } = createRequire(import.meta.url)("../package.json") as {
  readonly version: string;
  readonly engines: { readonly node: string };
};

const refusal = refusalOf(process.versions.node, engines.node);
if (refusal === undefined) {
  const { runMain } = await import("./main-process.ts");
  await runMain(version);
} else {
  process.stderr.write(`${refusal}\n`);
  process.exitCode = 2;
}
