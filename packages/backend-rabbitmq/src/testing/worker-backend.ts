import type { Backend } from "@org/dispatch-core/contract";
import { rabbitmq } from "../index.ts";

// What a worker in a process of its own makes its backend by; where the server is stands in the address of this module.
const { searchParams } = new URL(import.meta.url);

/** How every backend of the suite is made. */
export function optionsOf(url: string, namespace: string) {
  // A second is as short as a heartbeat can be, and leases follow it.
  return { url, namespace: `dispatch.${namespace}`, heartbeatMs: 1_000 };
}

export default (namespace: string): Backend => rabbitmq(optionsOf(searchParams.get("url") ?? "", namespace));

/** This module, for one server. */
export function workerModule(url: string): URL {
  const module = new URL(import.meta.url);
  module.search = new URLSearchParams({ url }).toString();
  return module;
}
