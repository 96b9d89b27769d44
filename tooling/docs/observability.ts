/** `./dev node tooling/docs/observability.ts`: writes the table of docs/observability.md anew; the metrics package must be built. */
import { readFile, writeFile } from "node:fs/promises";
import { describeMetrics } from "../../packages/metrics/dist/index.js";
import { root } from "../tree.ts";
import { observabilityPath, withTable } from "./observability-page.ts";

const file = `${root}/${observabilityPath}`;
await writeFile(file, withTable(await readFile(file, "utf8"), describeMetrics()));
