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
  });

/** This module, for one server. */
export function workerModule({ url, ca }: { readonly url: string; readonly ca?: string | undefined }): URL {
  const module = new URL(import.meta.url);
  module.search = new URLSearchParams({ url, ...(ca !== undefined && { ca }) }).toString();
  return module;
}
