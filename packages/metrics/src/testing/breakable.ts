import type { Backend } from "@org/dispatch-core/contract";

/** For tests: the connection of a process that may die. From then on nothing that it asks is answered, and nobody hears of it again. */
export class Breakable {
  readonly backend: Backend;
  #isBroken = false;

  constructor(inner: Backend) {
    this.backend = new Proxy(inner, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") return value;
        if (key === "classify" || key === "close") return value.bind(target);
        return (...given: unknown[]) => (this.#isBroken ? new Promise(() => {}) : value.apply(target, given));
      },
    });
  }

  break(): void {
    this.#isBroken = true;
  }
}
