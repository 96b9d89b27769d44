/** Servers that come as Java archives, from Maven's central repository. */
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { run } from "../../command.ts";
import { needPrograms } from "../debian/programs.ts";
import { withLock } from "../lock.ts";
import { jarsFolder } from "../places.ts";

/** What Maven calls it, and what else it needs to run. */
export interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
}

/** The folder of `artifacts` and all that they depend on, made where it is missing. */
export async function javaArchives(name: string, artifacts: readonly Artifact[]): Promise<string> {
  const folder = `${jarsFolder}/${name}`;
  await needPrograms([{ program: "java", package: "default-jre-headless" }]);
  if (existsSync(folder)) return folder;
  return withLock(`${jarsFolder}/${name}.lock`, async () => {
    if (!existsSync(folder)) await fetchArchives(folder, name, artifacts);
    return folder;
  });
}

async function fetchArchives(folder: string, name: string, artifacts: readonly Artifact[]): Promise<void> {
  await needPrograms([{ program: "mvn", package: "maven" }]);
  console.error(`services: fetching ${name} by Maven …`);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await writeFile(`${partial}/pom.xml`, projectOf(artifacts));
  const copy = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${partial}`];
  const { code, output } = await run(["mvn", "-q", "-B", "-f", `${partial}/pom.xml`, ...copy]);
  if (code !== 0) throw new Error(`Maven could not fetch ${name}: ${output.trim().split("\n").slice(0, 3).join(" ")}`);
  await rename(partial, folder);
}

/** A project that is nothing but its dependencies. */
function projectOf(artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map(
    ({ group, name, version }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>local</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join("\n")}</dependencies>
</project>
`;
}

/** The words that run a class of `archives` with at most `heapMegabytes` of heap; quick to start rather than quick to run. */
export function javaWords(archives: string, heapMegabytes: number, ...words: readonly string[]): string[] {
  const machine = [`-Xmx${heapMegabytes}m`, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  return ["java", ...machine, "-cp", `${archives}/*`, ...words];
}
