import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conformance } from "@org/dispatch-testkit/node-test";
import { directory } from "../src/index.ts";

const root = mkdtempSync(join(tmpdir(), "own-backend-"));

conformance({ backend: (namespace) => directory(root, { namespace }), concurrency: 16 });
