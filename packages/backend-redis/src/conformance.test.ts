import { conformance } from "@org/dispatch-testkit/vitest";
import { redis } from "./index.ts";

const url = process.env["DISPATCH_TEST_REDIS_URL"];
conformance({ backend: (namespace) => redis({ namespace, url }), levels: ["seam", "system", "chaos"] });
