/** Programs that a bare Debian may lack, from its packages. */
import { run } from "../../command.ts";
import { withLock } from "../lock.ts";
import { home } from "../places.ts";

export interface Wanted {
  /** What is looked for on the path. */
  readonly program: string;
  /** The package of Debian that brings it. */
  readonly package: string;
}

/** Installs what is missing, as root on Debian. Throws elsewhere, with one line that says what to install. */
export async function needPrograms(wanted: readonly Wanted[]): Promise<void> {
  if ((await missing(wanted)).length === 0) return;
  await withLock(`${home}/packages.lock`, async () => {
    const packages = (await missing(wanted)).map((each) => each.package);
    if (packages.length === 0) return;
    const please = `install ${packages.join(" and ")}`;
    if (process.getuid?.() !== 0) throw new Error(`${please}, or run this command as root`);
    console.error(`services: installing ${packages.join(", ")} …`);
    // The machine's lists may be missing (as in an image) or old; a failed update need not hinder the install.
    await run(["apt-get", "-qq", "update"]);
    const install = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", ...packages];
    const { code, output } = await run(install, { env: { DEBIAN_FRONTEND: "noninteractive" } });
    if (code !== 0) throw new Error(`${please}; apt-get could not: ${output.trim().split("\n").at(-1)}`);
  });
}

async function missing(wanted: readonly Wanted[]): Promise<Wanted[]> {
  const found = await Promise.all(
    wanted.map(({ program }) => run(["/bin/sh", "-c", 'command -v "$1"', "which", program])),
  );
  return wanted.filter((_, index) => found[index]?.code !== 0);
}
