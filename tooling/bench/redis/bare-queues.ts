/** What both sides of the bare subject have in common. */
import { redis } from "../../../packages/backend-redis/dist/index.js";
import type { Queue } from "../../../packages/core/dist/contract.js";
import { systemClock } from "../../../packages/core/dist/index.js";
import type { Site } from "./subject.ts";

export const WORK: Queue = { role: "work", name: "normal", of: "default" };
export const REPLY: Queue = { role: "reply", name: "bare", of: "default" };
/** As many frames go through one call as a batch of the dispatcher's. */
export const BATCH = 500;
export const LEASE_MS = 60_000;
export const never: AbortSignal = new AbortController().signal;

/** The dispatcher's backend, open, and nobody in front of it. */
export async function openBare({ url, name }: Site, receive: readonly Queue[], send: readonly Queue[]) {
  const backend = redis({ url, namespace: name });
  const options = { receive, send, create: true, leaseMs: LEASE_MS, clock: systemClock() };
  await backend.open(options, never);
  return backend;
}

/** A frame of the middle priority, to be received at once. */
export function bareFrame(id: string, bytes: Uint8Array) {
  return { bytes, id, name: `${id}#0.0~0`, first: true, priority: 5, delayMs: 0, key: undefined };
}
