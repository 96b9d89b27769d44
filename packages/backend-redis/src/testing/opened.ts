import { systemClock } from "@org/dispatch-core";
import type { Backend, Delivery, OutFrame, Queue, Want } from "@org/dispatch-core/contract";
import { type RedisBackend, type RedisBackendOptions, redis } from "../index.ts";

export const WORK: Queue = { role: "work", name: "normal", of: "default" };
export const DEAD: Queue = { role: "dead", name: "dead", of: "default" };
export const REPLY: Queue = { role: "reply", name: "coordinator-1", of: "default" };
export const LEASE_MS = 20_000;
export const never: AbortSignal = new AbortController().signal;

export function frame(text: string, more: Partial<OutFrame> = {}): OutFrame {
  const id = more.id ?? text;
  const bytes = Buffer.from(text);
  return { bytes, id, name: `${id}#0.0~0`, first: true, priority: 5, delayMs: 0, key: undefined, ...more };
}

export function frames(...texts: readonly string[]): OutFrame[] {
  return texts.map((text) => frame(text));
}

export function textsOf(found: readonly { readonly bytes: Uint8Array }[]): string[] {
  return found.map(({ bytes }) => Buffer.from(bytes).toString());
}

let namespaces = 0;

/** A backend that is open, in a namespace that nobody else has. */
export async function opened(options: RedisBackendOptions): Promise<RedisBackend> {
  namespaces += 1;
  const backend = redis({ namespace: `dispatch.${process.pid}-${namespaces}`, ...options });
  await open(backend);
  return backend;
}

export function open(
  backend: RedisBackend,
  receive: readonly Queue[] = [WORK, REPLY, DEAD],
): ReturnType<Backend["open"]> {
  const options = {
    receive,
    send: [WORK, DEAD],
    create: true,
    leaseMs: LEASE_MS,
    clock: systemClock(),
  };
  return backend.open(options, AbortSignal.timeout(8_000));
}

export function take(
  backend: RedisBackend,
  want: Partial<Want> = {},
  queue = WORK,
  signal = never,
): Promise<readonly Delivery[]> {
  return backend.receive(queue, { max: 100, waitMs: 0, leaseMs: LEASE_MS, ...want }, signal);
}

export function codeOf(backend: RedisBackend, error: unknown): string {
  return backend.classify(error).code;
}
