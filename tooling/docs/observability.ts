/** `./dev node tooling/docs/observability.ts`: writes the tables of docs/observability.md anew; the packages must be built. */
import { readFile, writeFile } from "node:fs/promises";
import { root } from "../tree.ts";
import { observabilityPath, withTables } from "./observability-page.ts";
import { readSources } from "./observability-sources.ts";

const file = `${root}/${observabilityPath}`;
await writeFile(file, withTables(await readFile(file, "utf8"), await readSources()));
