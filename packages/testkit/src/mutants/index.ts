import { leasingMutants } from "./leasing.ts";
import { lookingMutants } from "./looking.ts";
import { movingMutants } from "./moving.ts";
import type { Mutant } from "./mutant.ts";
import { namingMutants } from "./naming.ts";
import { openingMutants } from "./opening.ts";
import { promisingMutants } from "./promising.ts";
import { receivingMutants } from "./receiving.ts";
import { sendingMutants } from "./sending.ts";
import { settlingMutants } from "./settling.ts";

export type { Mutant } from "./mutant.ts";

/**
 * Backends that are wrong in one way each, to prove a suite by: each is put around a backend that is right, and has to be caught by the case that names its
 * fault. The memory backend has everything that they need.
 */
export const mutants: readonly Mutant[] = Object.freeze([
  ...sendingMutants,
  ...openingMutants,
  ...receivingMutants,
  ...namingMutants,
  ...leasingMutants,
  ...settlingMutants,
  ...movingMutants,
  ...lookingMutants,
  ...promisingMutants,
]);
