import { describe, expect, test } from "vitest";
import { run } from "../command.ts";
import { subjects } from "../conformance/subjects.ts";
import { root } from "../tree.ts";
import { help, readArguments } from "./arguments.ts";
import { FAULTS, leftOut, planCell } from "./faults.ts";

const read = (...argv: string[]) => readArguments(argv, subjects);

describe("the words of ./dev prove", () => {
  test("all cells of one backend, or of a broker of each kind", () => {
    expect(read("--backend", "valkey")).toEqual({
      ...{ names: ["valkey"], faults: FAULTS, short: false, resume: false, seed: "prove" },
    });
    expect(read("--backend", "all", "--short", "--resume", "--fault", "kill", "--seed", "7")).toEqual({
      ...{ names: ["redis", "sqs", "rabbitmq", "kafka"], faults: ["kill"], short: true, resume: true, seed: "7" },
    });
  });

  test.each([
    [[], "usage: ./dev prove --backend NAME|all"],
    [["redis"], "redis"],
    [["--backend", "nothing"], "there is no backend nothing, there are: memory, "],
    [["--backend", "toString"], "there is no backend toString"],
    [["--backend", "redis", "--fault", "flood"], '--fault takes one of none, kill, zombie, restart, outage, reset, half-open, latency, not "flood"'],
  ])("%j is refused", (argv, words) => {
    expect(() => read(...argv)).toThrow(words);
  }); // biome-ignore format: one line a case

  test("the help names every backend, every fault and every exit code", () => {
    const text = help(Object.keys(subjects));
    for (const word of [...Object.keys(subjects), ...FAULTS, "--short", "--resume", "0 all goals held · 1 one did not · 2 wrong usage"])
      expect(text).toContain(word); // biome-ignore format: one line
  });

  test("wrong usage is one line, exit 2", async () => {
    const { code, stdout, output } = await run([`${root}/dev`, "prove", "--backend", "nothing"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(output).toMatch(/^dev: there is no backend nothing, .*\n$/);
  });
});

describe("which cells there are", () => {
  const memory = subjects.memory?.factory?.()("facts");
  const profile = memory?.profile as NonNullable<typeof memory>["profile"];
  const real = { ...profile, reach: "network", durability: "restart" } as const;

  test("memory has no wire and no broker to restart", () => {
    const means = { profile, restart: false, proxy: false };
    expect(FAULTS.filter((fault) => leftOut(fault, means) === undefined)).toEqual(["none", "kill", "zombie", "reset"]);
    expect(leftOut("half-open", means)).toBe("reach process: there is no wire");
    expect(leftOut("outage", means)).toBe("durability none: what was sent would be gone");
  });

  test("of a real broker those that can be done to it", () => {
    const means = { profile: real, restart: true, proxy: true };
    expect(FAULTS.filter((fault) => leftOut(fault, means) !== undefined)).toEqual([]);
    expect(leftOut("restart", { ...means, restart: false })).toBe("nothing here can restart this broker");
    expect(leftOut("reset", { ...means, proxy: false })).toBe("no proxy can stand before this broker");
  });

  test("a whole cell is what the goals are about", () => {
    for (const fault of FAULTS) expect(planCell(fault, false).tasks).toBeGreaterThanOrEqual(100_000);
    expect(planCell("zombie", false).zombieRounds).toBeGreaterThanOrEqual(1_000);
    expect(planCell("outage", false).awayMs).toBeGreaterThan(30_000);
    expect(planCell("outage", true).awayMs).toBe(10_000);
  });
});
