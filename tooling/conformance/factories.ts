/** From a subject to the options of its run. */
import { access, readFile } from "node:fs/promises";
import type { Backend } from "../../packages/core/dist/contract.js";
import {
  type RunOptions,
  spawnWorker,
  type WorkerChild,
  type WorkerChildOptions,
} from "../../packages/testkit/dist/index.js";
import { root } from "../tree.ts";
import type { Arguments } from "./arguments.ts";
import { type Server, useServer } from "./servers.ts";
import type { Subject } from "./subjects.ts";

/** A subject that is ready for the suite. */
export interface Ready {
  readonly version: string;
  readonly options: Pick<RunOptions, "backend" | "proxy" | "restart" | "versions">;
  /** A worker in a process of its own; absent where the backend reaches no further than this one. */
  readonly spawnWorker?: (options: WorkerChildOptions) => Promise<WorkerChild>;
  /** Is the server ours, set up as `./dev services` does? */
  readonly isOwn: boolean;
  release(): Promise<void>;
}

/** What a subject is made ready with. */
export type ReadyOptions = Pick<Arguments, "name" | "version" | "cluster" | "tls">;

/** What an adapter's package exports for those who find it by its name. */
export interface Adapter {
  fromOptions(options: Readonly<Record<string, unknown>>): Backend;
}

/** Throws an Error where the adapter is not in the tree; what `./dev services` said where the server cannot be had. */
export async function makeReady(subject: Subject, given: ReadyOptions, serve = useServer): Promise<Ready> {
  if (subject.factory !== undefined) {
    const { version } = JSON.parse(await readFile(`${root}/packages/core/package.json`, "utf8"));
    return { version, options: { backend: subject.factory() }, isOwn: true, release: async () => {} };
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
    spawnWorker: (options) => spawnWorker(workerModule(entry, { ...subject.options, url }), options),
    isOwn: server.service.pid !== null,
    release: () => server.release(),
  };
}

/** The module by which a worker in a process of its own makes its backend: what it is made of stands in its address. */
function workerModule(entry: string, options: Readonly<Record<string, unknown>>): URL {
  const module = new URL("./worker-backend.ts", import.meta.url);
  module.search = new URLSearchParams({ entry, options: JSON.stringify(options) }).toString();
  return module;
}

/** Wrong usage: there is nothing to run. */
export class AdapterMissing extends Error {
  override readonly name = "AdapterMissing";
}
