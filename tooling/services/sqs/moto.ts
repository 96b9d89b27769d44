/** moto: another SQS, stricter or nastier in some cases. It keeps everything in memory, so a restart loses it. */
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { run } from "../../command.ts";
import { needPrograms } from "../debian/programs.ts";
import { withLock } from "../lock.ts";
import { home } from "../places.ts";
import { untilAnswers } from "../readiness.ts";
import type { Service } from "../service.ts";
import { answersAt, sqsConfig, sqsUrl } from "./address.ts";

const VERSION = "5";
const REGION = "us-east-1";

/** Packages of Python in a folder of their own, put on its path. */
async function packages(version: string): Promise<string> {
  const folder = `${home}/python/moto-${version}`;
  if (existsSync(folder)) return folder;
  return withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return folder;
    await needPrograms([
      { program: "python3", package: "python3" },
      { program: "pip3", package: "python3-pip" },
    ]);
    console.error(`services: fetching moto ${version} by pip …`);
    const partial = `${folder}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    const install = ["python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", partial];
    const { code, output } = await run([...install, `moto[server]==${version}.*`]);
    if (code !== 0) throw new Error(`pip could not fetch moto: ${output.trim().split("\n").at(-1)}`);
    await rename(partial, folder);
    return folder;
  });
}

export const moto: Service = {
  name: "moto",
  versions: [VERSION],
  defaultVersion: VERSION,
  forms: ["single"],
  portCount: () => 1,
  install: async (version) => void (await packages(version)),
  async start({ version, folder, ports }, launch) {
    const start = "from moto.server import main; main()";
    const argv = ["python3", "-c", start, "-H", "127.0.0.1", "-p", String(ports[0])];
    const server = await launch({ name: "server", argv, env: { PYTHONPATH: await packages(version) } });
    await untilAnswers(server, `${folder}/server`, () => answersAt(sqsUrl(ports[0]), "/moto-api/"));
  },
  reach({ ports }) {
    const url = sqsUrl(ports[0]);
    return { url, config: sqsConfig(url, REGION) };
  },
  async release(url) {
    await answersAt(url, "/");
    return "given";
  },
  configOf: (url) => sqsConfig(url, REGION),
  inDocker: true,
};
