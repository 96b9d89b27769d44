import { expect, it } from "vitest";
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

it("asks a server that does not answer for no longer than its caller waits", async () => {
  const silent = { masters: () => [{ info: () => new Promise<string>(() => {}) }] };
  await expect(checkServers(silent, false, AbortSignal.timeout(20))).rejects.toMatchObject({ code: "TIMED_OUT" });
});
