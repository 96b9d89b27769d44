import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../command.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { root } from "../tree.ts";
import { readArguments } from "./arguments.ts";
import { AdapterMissing, makeReady } from "./factories.ts";
import { useServer } from "./servers.ts";
import { subjects } from "./subjects.ts";

const conformance = (...args: string[]) => run([`${root}/dev`, "conformance", ...args]);

describe("./dev conformance", () => {
  test("a table, a report, exit 0", async () => {
    const file = join(await temporaryFolder("conformance"), "report.json");
    const { code, stdout, output } = await conformance("memory-as-sqs", "--level", "seam", "--out", file);
    expect(code, output).toBe(0);
    expect(stdout).toMatch(/^conformance of memory-as-sqs \(/);
    expect(stdout).toMatch(/\n\d+ passed, 0 failed, \d+ left out by the profile, 0 skipped\nreport: .*report\.json\n$/);
    const report = JSON.parse(await readFile(file, "utf8"));
    expect(report).toMatchObject({ backend: "memory-as-sqs", levels: ["seam"], profile: { fencing: "best-effort" } });
  });

  test("wrong usage is one line, exit 2", async () => {
    const { code, stdout, output } = await conformance("memory", "--version", "1");
    expect([code, stdout]).toEqual([2, ""]);
    expect(output).toBe("dev: memory has no server: --version, --cluster and --tls are for brokers\n");
  });

  test.each([
    [[], "usage: ./dev conformance NAME"],
    [["nothing"], "there is no backend nothing, there are: memory, "],
    [["toString"], "there is no backend toString"],
    [["memory", "--level", "all"], "--level takes one of seam, system, chaos, stress"],
    [["memory", "--version", "1"], "memory has no server"],
    [["memory", "--nothing"], "--nothing"],
  ])("%j is refused", (args, words) => {
    expect(() => readArguments(args, subjects)).toThrow(words);
  });
});

test("a broker's options reach its server", () => {
  expect(
    readArguments(["redis", "--version", "8", "--cluster", "--level", "chaos", "--level", "seam"], subjects),
  ).toEqual({
    ...{ name: "redis", levels: ["chaos", "seam"], version: "8", cluster: true, tls: false, out: undefined },
  });
});

describe("useServer", () => {
  const line = { service: "redis", version: "7.4", url: "redis://127.0.0.1:1", config: "x", pid: null };
  const options = { version: "7", cluster: false, tls: true };
  const recorded = (running: boolean) => {
    const calls: string[] = [];
    const services = async (...args: readonly string[]) => {
      calls.push(args.join(" "));
      return args[0] === "status" ? (running ? [line] : []) : [line];
    };
    return { calls, services };
  };

  test("starts and stops the server that was asked for; one without a process id is not ours to restart", async () => {
    const { calls, services } = recorded(false);
    const server = await useServer("redis", options, services);
    expect([server.service, server.restart]).toEqual([line, undefined]);
    await server.release();
    const how = "redis --version 7 --tls";
    expect(calls).toEqual(["status", `up ${how}`, `down ${how}`]);
  });

  test("keeps its own away for as long as a case wants", async () => {
    const calls: string[] = [];
    const services = async (...args: readonly string[]) => {
      calls.push(args.join(" "));
      return args[0] === "status" ? [] : [{ ...line, pid: [1] }];
    };
    const server = await useServer("redis", options, services);
    await server.restart?.(200);
    expect(calls.at(-1)).toBe("restart redis --version 7 --tls --away 200");
  });

  test("leaves one that ran before", async () => {
    const { calls, services } = recorded(true);
    await (await useServer("redis", options, services)).release();
    expect(calls.at(-1)).toBe("up redis --version 7 --tls");
  });
});

test("a broker whose adapter is not there is wrong usage, and no server is started for it", async () => {
  const given = readArguments(["kafka"], subjects);
  const ready = makeReady({ service: "kafka", adapter: "backend-of-nobody" }, given, () =>
    Promise.reject(new Error("started")),
  );
  await expect(ready).rejects.toThrow(AdapterMissing);
});
