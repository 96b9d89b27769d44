import { readFileSync } from "node:fs";
import type { Backend } from "@org/dispatch-core/contract";
import { redis } from "../index.ts";

// What a worker in a process of its own makes its backend by; where the server is stands in the address of this module.
const { searchParams } = new URL(import.meta.url);
const ca = searchParams.get("ca");

export default (namespace: string): Backend =>
  redis({
    namespace: `dispatch.${namespace}`,
    url: searchParams.get("url") ?? "",
    ...(ca !== null && { tls: { ca: readFileSync(ca) } }),
    connection: { keyPrefix: searchParams.get("keyPrefix") ?? "" },
  });

/** Where a server is, and how it is used. */
interface Way {
  readonly url: string;
  readonly ca: string | undefined;
  readonly keyPrefix: string | undefined;
}

/** This module, for one way. */
export function workerModule(way: Way): URL {
  const module = new URL(import.meta.url);
  for (const [key, value] of Object.entries(way)) if (value !== undefined) module.searchParams.set(key, value);
  return module;
}
