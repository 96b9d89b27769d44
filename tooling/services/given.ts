/** Servers that somebody else runs, and the environment names: `DISPATCH_TEST_<NAME>_URL`. */
import { type ServiceLine, writeConfig } from "./line.ts";
import { instancesFolder } from "./places.ts";
import type { Service } from "./service.ts";

export function variableOf(service: string): string {
  return `DISPATCH_TEST_${service.toUpperCase()}_URL`;
}

/** The URL that the environment has for a service. */
export function givenUrl(service: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env[variableOf(service)] || undefined;
}

/** The line of a given server. Throws where it does not answer. */
export async function givenLine(service: Service, url: string): Promise<ServiceLine> {
  const version = await service.release(url).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : error;
    throw new Error(`the server that ${variableOf(service.name)} names does not answer: ${why}`);
  });
  const config = await writeConfig(`${instancesFolder()}/${service.name}-given.json`, service.configOf(url));
  return { service: service.name, version, url, config, pid: null };
}
