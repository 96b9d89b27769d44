import { systemClock } from "@org/dispatch-core";
import type { Delivery, OpenOptions, OutFrame, Queue, Settlement, Want } from "@org/dispatch-core/contract";
import { type RabbitBackend, type RabbitBackendOptions, rabbitmq } from "../index.ts";

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

/** A name that nobody else has. */
export function newNamespace(): string {
  namespaces += 1;
  return `dispatch.${process.pid}-${namespaces}`;
}

/** A backend that is open, in a namespace that nobody else has unless told which. */
export async function opened(options: RabbitBackendOptions): Promise<RabbitBackend> {
  const backend = rabbitmq({ namespace: newNamespace(), heartbeatMs: 1_000, ...options });
  await open(backend);
  return backend;
}

export async function open(
  backend: RabbitBackend,
  more: Partial<OpenOptions> = {},
  signal: AbortSignal = AbortSignal.timeout(15_000),
): Promise<void> {
  const options = { receive: [WORK, REPLY, DEAD], send: [WORK, DEAD], create: true, leaseMs: LEASE_MS };
  await backend.open({ ...options, clock: systemClock(), ...more }, signal);
}

export function take(
  backend: RabbitBackend,
  want: Partial<Want> = {},
  queue = WORK,
  signal = never,
): Promise<readonly Delivery[]> {
  return backend.receive(queue, { max: 10, waitMs: 5_000, leaseMs: LEASE_MS, ...want }, signal);
}

/** So many frames, however many receives that takes. */
export async function takeAll(backend: RabbitBackend, count: number, queue = WORK): Promise<readonly Delivery[]> {
  const all: Delivery[] = [];
  while (all.length < count) {
    const more = await take(backend, { max: count - all.length }, queue);
    if (more.length === 0) break;
    all.push(...more);
  }
  return all;
}

export function acks(...held: readonly Delivery[]): Settlement[] {
  return held.map(({ receipt }) => ({ kind: "ack", receipt }));
}

/** The code of what it rejects with. */
export function refusal(backend: RabbitBackend, call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "ok",
    (error: unknown) => backend.classify(error).code,
  );
}
