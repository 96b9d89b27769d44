/** Packages of any Debian release, unpacked into a folder: nothing is installed, so nothing of the machine changes and no service starts. */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { run } from "../../command.ts";
import { withLock } from "../lock.ts";
import { home, rootsFolder } from "../places.ts";

export type Suite = "bookworm" | "trixie" | "forky";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const USUAL_MIRROR = "http://deb.debian.org/debian";

/** What `dpkg -x` of a server needs around it: the links of the merged /usr, a shell, and its simplest commands. */
const BASE = ["base-files", "dash", "coreutils"];

/** The folder with `packages` of `suite` and all that they depend on, made where it is missing. apt checks the signatures. */
export function debianRoot(name: string, suite: Suite, packages: readonly string[]): Promise<string> {
  const folder = `${rootsFolder}/${name}`;
  if (existsSync(folder)) return Promise.resolve(folder);
  return withLock(`${rootsFolder}/${name}.lock`, async () => {
    if (!existsSync(folder)) await unpack(folder, suite, packages);
    return folder;
  });
}

async function unpack(folder: string, suite: Suite, packages: readonly string[]): Promise<void> {
  if (!existsSync(KEYRING) || !existsSync("/usr/bin/apt-get")) {
    throw new Error(
      `this machine is no Debian: start Docker, or give the URL of a running server (needed: ${packages.join(", ")})`,
    );
  }
  console.error(`services: fetching ${packages.join(", ")} of Debian ${suite} …`);
  const apt = `${folder}.apt`;
  const partial = `${folder}.partial`;
  for (const old of [apt, partial]) await rm(old, { recursive: true, force: true });
  for (const each of ["etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d", "lists/partial", "archives/partial"])
    await mkdir(`${apt}/${each}`, { recursive: true });
  await mkdir(partial);
  await writeFile(`${apt}/status`, "");
  await writeFile(`${apt}/etc/sources.list`, `deb [signed-by=${KEYRING}] ${await mirror()} ${suite} main\n`);
  await writeFile(`${apt}/apt.conf`, `${await fetchSettings()}${configuration(apt)}`);
  const env = { APT_CONFIG: `${apt}/apt.conf`, LC_ALL: "C.UTF-8" };
  await must(["apt-get", "-qq", "update"], env);
  await must(["apt-get", "-qq", "install", "--yes", "--download-only", ...BASE, ...packages], env);
  const archives = (await readdir(`${apt}/archives`)).filter((file) => file.endsWith(".deb"));
  // First what holds the links of /bin, /lib and /sbin: unpacked later, they would meet folders of those names.
  archives.sort((a, b) => Number(b.startsWith("base-files_")) - Number(a.startsWith("base-files_")));
  for (const file of archives) await must(["dpkg", "-x", `${apt}/archives/${file}`, partial], {});
  await rm(apt, { recursive: true });
  // The name appears at once and whole: a root that is there is complete.
  await rename(partial, folder);
}

/** How this machine's apt fetches, by its own configuration: its proxy, say, or a mirror of a fixed day whose lists it accepts though they are old. */
async function fetchSettings(): Promise<string> {
  const { code, stdout, output } = await run(["apt-config", "dump", "--format", '%F "%v";%n', "Acquire"]);
  if (code !== 0) throw new Error(`apt-config failed: ${output.trim()}`);
  return stdout;
}

/** apt with every state in `apt`, so that it neither reads nor changes that of the machine. */
function configuration(apt: string): string {
  return `Dir::Etc "${apt}/etc";
Dir::State::Lists "${apt}/lists";
Dir::State::status "${apt}/status";
Dir::State::extended_states "${apt}/extended";
Dir::Cache "${apt}";
Dir::Cache::Archives "${apt}/archives";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Keep-Downloaded-Packages "true";
Binary::apt-get::APT::Keep-Downloaded-Packages "true";
Debug::NoLocking "true";
`;
}

/** The mirror that this machine uses. */
async function mirror(): Promise<string> {
  const format = "$(REPO_URI) $(CODENAME) $(ORIGIN)";
  const { stdout } = await run(["apt-get", "indextargets", "--format", format, "Identifier: Packages"]);
  return pickMirror(stdout);
}

/** Reads lines of `URI CODENAME ORIGIN`; Debian's usual mirror where none is of Debian's main archive. */
export function pickMirror(targets: string): string {
  const lines = targets.split("\n").map((line) => line.split(" "));
  const found = lines.find(
    ([, codename = "", origin]) => origin === "Debian" && !/security|updates|backports/.test(codename),
  );
  return found?.[0] ?? USUAL_MIRROR;
}

async function must(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { code, output } = await run(argv, { env });
  if (code !== 0) throw new Error(`${argv.slice(0, 3).join(" ")} … failed: ${output.trim()}`);
}

/** The words that run `argv` with a root of its own; `home` has its usual path there. */
export function inRoot(root: string, argv: readonly string[]): string[] {
  return ["/bin/sh", `${import.meta.dirname}/in-root.sh`, home, root, ...argv];
}

/** The words that run a program of a root from outside, by the root's own loader and libraries: enough for programs that start no others. */
export async function withLibraries(root: string, program: string): Promise<string[]> {
  const names = await readdir(`${root}/usr/lib`);
  const triplet = names.find((name) => name.endsWith("-linux-gnu")) ?? "";
  // Older releases have two folders of libraries; with newer ones both are the same.
  const folders = [`${root}/usr/lib/${triplet}`, `${root}/lib/${triplet}`];
  for (const folder of folders) {
    const loader = (await readdir(folder)).find((name) => /^ld-linux.*\.so\.\d+$/.test(name));
    if (loader !== undefined)
      return [`${folder}/${loader}`, "--library-path", folders.join(":"), `${root}/usr/bin/${program}`];
  }
  throw new Error(`${root} has no loader`);
}
