/** Prometheus, which scrapes whatever `targets.json` in its folder names, and evaluates what `rules` there has when it is told to reload. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { needPrograms } from "../debian/programs.ts";
import { inRoot } from "../debian/root.ts";
import { untilAnswers } from "../readiness.ts";
import type { Service } from "../service.ts";
import { rootOf } from "./root.ts";

const VERSION = "3";
const ANSWER_MS = 2_000;
/** While the broker is away, a process answers a scraper after 2 to 3 s; the rest is for a machine that is busy. A time-out is at most the interval. */
const SCRAPE_SECONDS = 4;

const urlOf = (port: number | undefined) => `http://127.0.0.1:${port}`;

export const prometheus: Service = {
  name: "prometheus",
  versions: [VERSION],
  defaultVersion: VERSION,
  forms: ["single"],
  portCount: () => 1,
  async install() {
    await needPrograms([{ program: "unshare", package: "util-linux" }]);
    await rootOf();
  },
  async start({ folder, ports }, launch) {
    if (!existsSync(`${folder}/targets.json`)) await writeFile(`${folder}/targets.json`, "[]\n");
    await writeFile(`${folder}/prometheus.yml`, configurationOf(folder));
    const argv = inRoot(await rootOf(), [
      "/usr/bin/prometheus",
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${ports[0]}`,
      "--web.enable-lifecycle",
    ]);
    const server = await launch({ name: "server", argv });
    await untilAnswers(server, `${folder}/server`, async () => {
      const answer = await fetch(`${urlOf(ports[0])}/-/ready`, { signal: AbortSignal.timeout(ANSWER_MS) });
      return answer.ok;
    });
  },
  reach: ({ ports }) => ({ url: urlOf(ports[0]), config: undefined }),
  async release(url) {
    const answer = await fetch(new URL("/api/v1/status/buildinfo", url), { signal: AbortSignal.timeout(ANSWER_MS) });
    const { data } = (await answer.json()) as { readonly data: { readonly version: string } };
    return data.version;
  },
  configOf: () => undefined,
  // Its targets are read from the folder, and are ports of this machine.
  inDocker: false,
};

/** What it is started with; its rules and its targets are named by files in `folder`. */
export function configurationOf(folder: string): string {
  return `global:
  scrape_interval: ${SCRAPE_SECONDS}s
  scrape_timeout: ${SCRAPE_SECONDS}s
  evaluation_interval: 1s
rule_files: ["${folder}/rules/*.yml"]
scrape_configs:
  - job_name: dispatch
    file_sd_configs:
      - files: ["${folder}/targets.json"]
        refresh_interval: 1s
`;
}
