/** Counts what is asked of a backend. */
import type { Backend } from "../../packages/core/dist/contract.js";

const verbs = ["send", "receive", "renew", "settle", "move", "depth", "browse", "purge"] as const;

/** Requests so far. */
export interface Requests {
  count: number;
}

/** The backend with every call of a verb that carries tasks counted in `requests`; `open`, `remove` and `close` come once a process. */
export function countedBackend(backend: Backend, requests: Requests): Backend {
  return new Proxy(backend, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      const verb = member.bind(target) as (...args: unknown[]) => unknown;
      if (!(verbs as readonly unknown[]).includes(property)) return verb;
      return (...args: unknown[]) => {
        requests.count += 1;
        return verb(...args);
      };
    },
  });
}
