/** From a subject to the options of its run. */
import { access, readFile } from "node:fs/promises";
import type { Backend } from "../../packages/core/dist/contract.js";
import type { RunOptions } from "../../packages/testkit/dist/index.js";
import { root } from "../tree.ts";
import type { Arguments } from "./arguments.ts";
import { type Server, useServer } from "./servers.ts";
import type { Subject } from "./subjects.ts";

/** A subject that is ready for the suite. */
export interface Ready {
  readonly version: string;
  readonly options: Pick<RunOptions, "backend" | "proxy" | "restart" | "versions">;
  release(): Promise<void>;
}

/** What an adapter's package exports for those who find it by its name. */
interface Adapter {
  fromOptions(options: Readonly<Record<string, unknown>>): Backend;
}

/** Throws an Error where the adapter is not in the tree; what `./dev services` said where the server cannot be had. */
export async function makeReady(subject: Subject, given: Arguments, serve = useServer): Promise<Ready> {
  if (subject.factory !== undefined) {
    const { version } = JSON.parse(await readFile(`${root}/packages/core/package.json`, "utf8"));
    return { version, options: { backend: subject.factory() }, release: async () => {} };
  }
  const { adapter = "", service = "", session } = subject;
  const entry = `${root}/packages/${adapter}/dist/index.js`;
  await access(entry).catch(() => {
    throw new AdapterMissing(`${given.name} needs packages/${adapter}, which is not in this tree`);
  });
  const { fromOptions }: Adapter = await import(entry);
  const server: Server = await serve(service, given);
  const { url, version } = server.service;
  const make = (namespace: string, more: Readonly<Record<string, unknown>>) =>
    fromOptions({ ...subject.options, ...more, namespace });
  return {
    version,
    options: {
      backend: (namespace) => make(namespace, { url }),
      ...(session !== undefined &&
        !given.tls && { proxy: (namespace) => session(url, (more) => make(namespace, more)) }),
      ...(server.restart !== undefined && { restart: server.restart }),
      versions: { [service]: version },
    },
    release: () => server.release(),
  };
}

/** Wrong usage: there is nothing to run. */
export class AdapterMissing extends Error {
  override readonly name = "AdapterMissing";
}
