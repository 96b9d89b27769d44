/** What the commands print of an instance: one JSON line. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "./service.ts";

export interface ServiceLine {
  readonly service: string;
  /** As `--version` takes it; of a server that was given by its URL: its release. */
  readonly version: string;
  /** Comma-separated for a cluster, and for sentinels. */
  readonly url: string;
  /** A file for `dispatch --config`; `null` where no backend has such a broker. */
  readonly config: string | null;
  /** An array for a cluster, and for sentinels; `null` for a server that was given by its URL. */
  readonly pid: number | readonly number[] | null;
  /** The certificate of the authority to trust, a file for NODE_EXTRA_CA_CERTS; only with TLS. */
  readonly ca?: string;
  /** RabbitMQ's HTTP API. */
  readonly admin?: string;
}

/** Writes the configuration, for nobody else to read: it may hold a password. */
export async function writeConfig(file: string, config: Config | undefined): Promise<string | null> {
  if (config === undefined) return null;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return file;
}
