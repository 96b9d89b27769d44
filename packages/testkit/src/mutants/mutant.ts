import type { Backend } from "@org/dispatch-core/contract";

/** A backend that is wrong in one way, made of one that is right: what the suite is tested with. */
export interface Mutant {
  readonly id: string;
  /** What is wrong, in words. */
  readonly fault: string;
  /** The case that names the fault, and has to fail. */
  readonly caughtBy: string;
  /** Around a backend whose profile has what the case asks for. */
  wrap(backend: Backend): Backend;
}
