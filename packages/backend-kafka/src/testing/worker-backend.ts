import type { Backend } from "@org/dispatch-core/contract";
import { kafka } from "../index.ts";

// What a worker in a process of its own makes its backend by; where the server is stands in the address of this module.
const { searchParams } = new URL(import.meta.url);

/** How every backend of the suite is made. */
export function optionsOf(url: string, partitions: number, namespace: string) {
  // A holder that is gone is noticed soon.
  return { url, partitions, namespace: `${namespace}.${partitions}`, sessionTimeoutMs: 3_000 };
}

export default (namespace: string): Backend =>
  kafka(optionsOf(searchParams.get("url") ?? "", Number(searchParams.get("partitions")), namespace));

/** This module, for one server. */
export function workerModule(url: string, partitions: number): URL {
  const module = new URL(import.meta.url);
  module.search = new URLSearchParams({ url, partitions: String(partitions) }).toString();
  return module;
}
