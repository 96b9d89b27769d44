import type { Backend } from "@org/dispatch-core/contract";

/** A connection that can end as a process does, by itself: its broker is told nothing. */
export interface Session extends Backend {
  /** As SIGKILL. */
  kill(): void;
  /** As SIGSTOP. */
  freeze(): void;
  /** As SIGCONT. */
  thaw(): void;
  /** The connection breaks, and both ends notice. */
  cut?(): void;
  /** Nothing that is written arrives, nothing comes back, and neither end is told. */
  blackHole?(on: boolean): void;
  /** What is written arrives so many ms later, each way; 0: no longer. */
  latency?(ms: number): void;
}

/** A broker within this process, which can go away and come back. */
export interface Stoppable {
  stopBroker(): void;
  startBroker(): void;
}

/** A backend of which each process of a case can have a connection of its own, within this process. */
export interface Sessioned extends Backend {
  session(): Session;
}

/** Looks at what it has, never at what it is called. A decorator around such a backend hides it: then all processes share one connection. */
export function isSessioned(backend: Backend): backend is Sessioned {
  return "session" in backend && typeof backend.session === "function";
}

/** Is the connection a process's own, to end and to stop with it? Also one to a real broker may be, through a proxy. */
export function isSession(backend: Backend): backend is Session {
  return has(backend, "kill", "freeze", "thaw");
}

export function isStoppable(backend: Backend): backend is Backend & Stoppable {
  return has(backend, "stopBroker", "startBroker");
}

function has(backend: Backend, ...names: readonly string[]): boolean {
  return names.every((name) => typeof (backend as unknown as Record<string, unknown>)[name] === "function");
}
