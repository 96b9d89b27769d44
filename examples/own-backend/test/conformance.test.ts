import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { conformance } from "@org/dispatch-testkit/node-test";
import { directory } from "../src/index.ts";

const root = mkdtempSync(join(tmpdir(), "own-backend-"));
after(() => rmSync(root, { recursive: true, force: true }));

conformance({ backend: (namespace) => directory(root, { namespace }), concurrency: 16 });
