import type { Logger } from "@org/dispatch-core";
import { optionKeys } from "./config/option-keys.ts";

/**
 * Warns of what `run --no-worker` was `given` on the command line and only a worker obeys: the workers elsewhere have their own. A file is silent about it,
 * since a coordinator and its workers may share one.
 */
export function warnOfUnheard(given: object, logger: Logger): void {
  const flags = optionKeys.flatMap(({ part, key, flag }) =>
    part === "worker" && flag !== undefined && key in given ? [flag] : [],
  );
  if (flags.length === 0) return;
  logger.warn({}, `${flags.join(" and ")}: only a worker obeys; with --no-worker, give it to the workers`);
}
