/** The services of a package's tests, as vitest's `globalSetup`; the tests then read `inject("services")`. */
import type { TestProject } from "vitest/node";
import type { Which } from "./lifecycle.ts";
import type { ServiceLine } from "./line.ts";
import { needService } from "./need-service.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** By the names of the needs; `undefined`: it cannot be had here, and the tests that need it are to be skipped. */
    readonly services: Readonly<Record<string, ServiceLine | undefined>>;
  }
}

export interface Need extends Which {
  /** Of the service. */
  readonly name: string;
}

/** Makes a `globalSetup`: `export default servicesSetup({ redis: { name: "redis" }, cluster: { name: "redis", form: "cluster" } })`. */
export function servicesSetup(needs: Readonly<Record<string, Need>>): (project: TestProject) => Promise<void> {
  return async (project) => {
    const found: Record<string, ServiceLine | undefined> = {};
    for (const [key, { name, ...which }] of Object.entries(needs)) found[key] = await needService(name, which);
    project.provide("services", found);
  };
}
