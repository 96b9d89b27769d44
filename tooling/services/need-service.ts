/** For suites that need a broker: the one that is given, or one that is started. */
import { up, type Which } from "./lifecycle.ts";
import type { ServiceLine } from "./line.ts";

/**
 * Answers the server that `DISPATCH_TEST_<NAME>_URL` names, else the one that runs, else a new one. Where none can be had: in CI it throws; elsewhere it
 * says so aloud and answers `undefined`, so that the suite can skip what needs it.
 */
export async function needService(name: string, which: Which = {}): Promise<ServiceLine | undefined> {
  try {
    return await up(name, which);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (process.env.CI) throw new Error(`${name} is needed, and CI never leaves it out: ${why}`, { cause: error });
    console.error(`\nSKIPPED: every test that needs ${name}. It cannot be had here: ${why}\n`);
    return undefined;
  }
}
