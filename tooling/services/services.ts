/** The services that there are. */
import { redis, valkey } from "./redis/redis.ts";
import type { Service } from "./service.ts";

export const services: readonly Service[] = [redis, valkey];

/** Throws for a name that there is not: a defect, or a record of another version of this tree. */
export function serviceOf(name: string): Service {
  const found = services.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no service called ${name}`);
  return found;
}
