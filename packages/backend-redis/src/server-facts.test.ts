import { expect, it } from "vitest";
import { type Durability, durabilityOf } from "./durability.ts";
import { checkServers, factsOf, faultsOf } from "./server-facts.ts";

it.each<[string, readonly RegExp[]]>([
  ["maxmemory_policy:noeviction\r\naof_enabled:1\r\n", []],
  ["# Memory\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:1\r\n", [/^maxmemory-policy is allkeys-lru/]],
  ["maxmemory_policy:volatile-ttl\r\naof_enabled:0\r\n", [/^maxmemory-policy is volatile-ttl/, /^appendonly is off/]],
  ["redis_version:7.0.15\r\n", []],
])("%j has the faults %o", (info, faults) => {
  const found = faultsOf(factsOf(info));
  expect(found).toHaveLength(faults.length);
  faults.forEach((fault, index) => {
    expect(found[index]).toMatch(fault);
  });
});

it("reads values that hold colons", () => {
  expect(factsOf("a:b:c\r\n# d\r\n").get("a")).toBe("b:c");
});

const servers = (info: () => Promise<string>) => ({ masters: () => [{ info }] });
const patience = () => AbortSignal.timeout(20);

it.each<[string, Durability | undefined, string | undefined]>([
  ["redis_version:6.2.9", undefined, "Redis 6.2.9 is too old: 7.0 or later is needed"],
  ["redis_version:7.0.15", durabilityOf(1, false), undefined],
  ["redis_version:7.0.15", durabilityOf(0, true), "Redis 7.0.15 is too old for waitAof: 7.2 or later is needed"],
  ["redis_version:7.2.4\r\naof_enabled:0", durabilityOf(1, true), "waitAof waits for a file that is off"],
  ["redis_version:7.2.4\r\naof_enabled:1", durabilityOf(1, true), undefined],
  ["redis_version:8.0.0\r\naof_enabled:1", durabilityOf(0, true), undefined],
  ["redis_version:255.255.255", durabilityOf(0, true), undefined],
  ["", undefined, undefined],
])("of %j, waiting for %o, it is refused: %s", async (info, durability, refusal) => {
  const found = checkServers(
    servers(async () => info),
    { strict: false, durability },
    patience(),
  ).then(() => undefined);
  if (refusal === undefined) await found;
  else await expect(found).rejects.toMatchObject({ code: "MISMATCH", message: expect.stringContaining(refusal) });
});

it("asks a server that does not answer for no longer than its caller waits", async () => {
  const silent = servers(() => new Promise(() => {}));
  await expect(checkServers(silent, { strict: false, durability: undefined }, patience())).rejects.toMatchObject({
    code: "TIMED_OUT",
  });
});
