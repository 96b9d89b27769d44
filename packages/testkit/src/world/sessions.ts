import type { Backend } from "@org/dispatch-core/contract";

/** A connection that can end as a process does, by itself: its broker is told nothing. */
export interface Session extends Backend {
  /** As SIGKILL. */
  kill(): void;
  /** As SIGSTOP. */
  freeze(): void;
  /** As SIGCONT. */
  thaw(): void;
}

/** A backend of which each process of a case can have a connection of its own, within this process. */
export interface Sessioned extends Backend {
  session(): Session;
}

/** Looks at what it has, never at what it is called. A decorator around such a backend hides it: then all processes share one connection. */
export function isSessioned(backend: Backend): backend is Sessioned {
  return "session" in backend && typeof backend.session === "function";
}
