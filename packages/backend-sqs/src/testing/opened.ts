import { systemClock } from "@org/dispatch-core";
import type { Backend, Clock, Delivery, OutFrame, Queue, Settlement, Want } from "@org/dispatch-core/contract";
import { type SqsBackend, type SqsBackendOptions, sqs } from "../index.ts";

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
  return `dispatch-${process.pid}-${namespaces}`;
}

/** A backend that is open, in a namespace that nobody else has; its polls end soon. */
export async function opened(options: SqsBackendOptions, clock: Clock = systemClock()): Promise<SqsBackend> {
  const backend = sqs({ namespace: newNamespace(), longPollingMs: 1_000, ...options });
  await open(backend, clock);
  return backend;
}

export function open(backend: SqsBackend, clock: Clock = systemClock(), create = true): ReturnType<Backend["open"]> {
  const options = { receive: [WORK, REPLY, DEAD], send: [WORK, DEAD], create, leaseMs: LEASE_MS, clock };
  return backend.open(options, AbortSignal.timeout(8_000));
}

export function take(
  backend: SqsBackend,
  want: Partial<Want> = {},
  queue = WORK,
  signal = never,
): Promise<readonly Delivery[]> {
  return backend.receive(queue, { max: 10, waitMs: 0, leaseMs: LEASE_MS, ...want }, signal);
}

export function acks(...held: readonly Delivery[]): Settlement[] {
  return held.map(({ receipt }) => ({ kind: "ack", receipt }));
}

export function codeOf(backend: SqsBackend, error: unknown): string {
  return backend.classify(error).code;
}

/** The code of what it rejects with. */
export async function refusal(backend: SqsBackend, call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "ok",
    (error: unknown) => codeOf(backend, error),
  );
}
