import type { Backend } from "@org/dispatch-core/contract";
import { memory } from "@org/dispatch-core/memory";

/** For tests of processes: a backend that lets the parent see, every few ms, that its process runs. */
export default (namespace: string): Backend => {
  if (namespace === "broken") throw new Error("no such broker");
  const event = { event: "worker_ticks", namespace };
  setInterval(() => process.send?.({ event }), 5).unref();
  return memory({ namespace });
};
