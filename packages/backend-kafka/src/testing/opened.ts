import { systemClock } from "@org/dispatch-core";
import type { Delivery, OutFrame, Queue, Settlement, Want } from "@org/dispatch-core/contract";
import { type KafkaBackend, type KafkaBackendOptions, kafka } from "../index.ts";

export const WORK: Queue = { role: "work", name: "normal", of: "default" };
export const DEAD: Queue = { role: "dead", name: "dead", of: "default" };
export const REPLY: Queue = { role: "reply", name: "coordinator-1", of: "default" };
export const LEASE_MS = 20_000;
export const SESSION_MS = 2_000;
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
  return found.map(({ bytes }) => Buffer.from(bytes).toString()).sort();
}

let namespaces = 0;

/** A name that nobody else has. */
export function newNamespace(): string {
  namespaces += 1;
  return `dispatch-${process.pid}-${Date.now().toString(36)}-${namespaces}`;
}

/** A backend that is open, in a namespace that nobody else has; one partition, so that the order is plain. */
export async function opened(
  options: KafkaBackendOptions,
  receive: readonly Queue[] = [WORK, REPLY, DEAD],
): Promise<KafkaBackend> {
  const backend = kafka({ namespace: newNamespace(), sessionTimeoutMs: SESSION_MS, partitions: 1, ...options });
  await open(backend, receive);
  return backend;
}

export function open(backend: KafkaBackend, receive: readonly Queue[] = [WORK, REPLY, DEAD], create = true) {
  const options = { receive, send: [WORK, DEAD], create, leaseMs: LEASE_MS, clock: systemClock() };
  return backend.open(options, AbortSignal.timeout(20_000));
}

export function take(
  backend: KafkaBackend,
  want: Partial<Want> = {},
  queue = WORK,
  signal = never,
): Promise<readonly Delivery[]> {
  return backend.receive(queue, { max: 10, waitMs: 500, leaseMs: LEASE_MS, ...want }, signal);
}

/** Until nothing more comes. */
export async function takeAll(backend: KafkaBackend, want: Partial<Want> = {}, queue = WORK): Promise<Delivery[]> {
  const all: Delivery[] = [];
  for (;;) {
    const more = await take(backend, want, queue);
    if (more.length === 0) return all;
    all.push(...more);
  }
}

export function acks(...held: readonly Delivery[]): Settlement[] {
  return held.map(({ receipt }) => ({ kind: "ack", receipt }));
}

/** The code of what it rejects with. */
export function refusal(backend: KafkaBackend, call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "ok",
    (error: unknown) => backend.classify(error).code,
  );
}
