/** promtool, from the packages that bring Prometheus. It needs no server, and no root of its own. */
import { type Ended, run } from "../../command.ts";
import { rootOf } from "./root.ts";

/** How promtool ended. Throws where it cannot be had. */
export async function promtool(argv: readonly string[], cwd: string): Promise<Ended> {
  return run([`${await rootOf()}/usr/bin/promtool`, ...argv], { cwd });
}

/** For suites: false where it cannot be had, which has been said aloud; in CI that throws. */
export async function needPromtool(): Promise<boolean> {
  try {
    await rootOf();
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (process.env.CI) throw new Error(`promtool is needed, and CI never leaves it out: ${why}`, { cause: error });
    console.error(`\nSKIPPED: every test that needs promtool. It cannot be had here: ${why}\n`);
    return false;
  }
}
