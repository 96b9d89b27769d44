/**
 * Each service for real, by its command: up, twice at once, restart, kill, down; the data stays until then. Redis always, all others and all forms with
 * `./dev test --full`. Its instances are a set of their own, so that it may kill while other tests use the usual ones.
 */
import { readFile, rm } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { type Ended, run } from "../../command.ts";
import { root } from "../../tree.ts";
import type { ServiceLine } from "../line.ts";
import { instancesFolder } from "../places.ts";
import type { Form } from "../service.ts";
import { kafkaTalk, prometheusTalk, rabbitmqTalk, redisTalk, sqsTalk, type Talk } from "./talks.ts";

interface Sample {
  readonly service: string;
  readonly version: string;
  readonly form: Form;
  readonly talk: Talk;
  /** Runs in every run of the tests, not only with `--full`. */
  readonly always?: boolean;
  /** Servers that clients reach. */
  readonly servers: number;
  /** Has nothing on the disk. */
  readonly forgets?: boolean;
}

const set = `test-${process.pid}`;

const samples: readonly Sample[] = [
  { service: "redis", version: "7", form: "single", talk: redisTalk, servers: 1, always: true },
  { service: "redis", version: "7", form: "cluster", talk: redisTalk, servers: 6 },
  { service: "redis", version: "7", form: "sentinel", talk: redisTalk, servers: 5 },
  { service: "redis", version: "7", form: "tls", talk: redisTalk, servers: 1 },
  { service: "redis", version: "8", form: "single", talk: redisTalk, servers: 1 },
  { service: "valkey", version: "8", form: "cluster", talk: redisTalk, servers: 6 },
  { service: "valkey", version: "9", form: "single", talk: redisTalk, servers: 1 },
  { service: "sqs", version: "1.7.1", form: "single", talk: sqsTalk, servers: 1 },
  { service: "moto", version: "5", form: "single", talk: sqsTalk, servers: 1, forgets: true },
  { service: "rabbitmq", version: "3.10", form: "single", talk: rabbitmqTalk, servers: 1 },
  { service: "rabbitmq", version: "4.0", form: "single", talk: rabbitmqTalk, servers: 1 },
  { service: "rabbitmq", version: "4.3", form: "cluster", talk: rabbitmqTalk, servers: 3 },
  { service: "rabbitmq", version: "4.3", form: "tls", talk: rabbitmqTalk, servers: 1 },
  { service: "kafka", version: "3.9.2", form: "single", talk: kafkaTalk, servers: 1 },
  { service: "kafka", version: "4.3.1", form: "cluster", talk: kafkaTalk, servers: 3 },
  { service: "kafka", version: "4.3.1", form: "tls", talk: kafkaTalk, servers: 1 },
  {
    service: "prometheus",
    version: "3",
    form: "single",
    talk: prometheusTalk(`${instancesFolder(set)}/prometheus-3`),
    servers: 1,
  },
];

/** A first start downloads. */
const START_MS = 300_000;

function services(...words: readonly string[]): Promise<Ended> {
  const env: NodeJS.ProcessEnv = { DISPATCH_SERVICES_SET: set };
  for (const { service } of samples) env[`DISPATCH_TEST_${service.toUpperCase()}_URL`] = "";
  return run([`${root}/dev`, "services", ...words], { env });
}

async function lineOf(...words: readonly string[]): Promise<ServiceLine> {
  const { code, stdout, output } = await services(...words);
  expect(code, output).toBe(0);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

afterAll(async () => {
  const { code, output } = await services("down", "all");
  await rm(instancesFolder(set), { recursive: true, force: true });
  expect(code, output).toBe(0);
}, 120_000);

describe.each(samples)("$service $version $form", ({ service, version, form, talk, servers, always, forgets }) => {
  const isWanted = always || process.env.DISPATCH_TEST_FULL === "1";
  const words = [service, "--version", version, ...(form === "single" ? [] : [`--${form}`])];

  test.runIf(isWanted)(
    "keeps its data over a restart and a kill, and ends",
    async ({ skip }) => {
      const first = await services("up", ...words);
      if (first.code !== 0 && !process.env.CI) {
        console.error(`\nSKIPPED: ${words.join(" ")} cannot be had here: ${first.output}\n`);
        skip(`${words.join(" ")} cannot be had here`);
      }
      const [line, same] = await Promise.all([lineOf("up", ...words), lineOf("up", ...words)]);
      expect(same).toEqual(line);
      expect(line).toMatchObject({ service, version });
      expect(pids(line)).toHaveLength(servers);
      if (line.config !== null) expect(JSON.parse(await readFile(line.config, "utf8"))).toHaveProperty("backend");

      await talk.put(line, "before the restart");
      const restarted = await lineOf("restart", ...words);
      expect(withoutPid(restarted)).toEqual(withoutPid(line));
      for (const pid of pids(restarted)) expect(pids(line)).not.toContain(pid);
      if (!forgets)
        await expect.poll(() => talk.get(restarted).catch(String), { timeout: 20_000 }).toContain("before the restart");

      await talk.put(restarted, "before the kill");
      const killed = await lineOf("kill", ...words);
      expect(withoutPid(killed)).toEqual(withoutPid(line));
      if (!forgets)
        await expect.poll(() => talk.get(killed).catch(String), { timeout: 20_000 }).toContain("before the kill");
      expect((await services("status")).stdout).toContain(JSON.stringify(killed));

      expect((await services("down", ...words)).code).toBe(0);
      expect((await services("status")).stdout).not.toContain(`"url":"${killed.url}"`);
      await expect(talk.get(killed)).rejects.toThrow();
    },
    START_MS,
  );
});

test.runIf(process.env.CI || process.env.DISPATCH_TEST_FULL === "1")(
  "what ends by itself is told by status, and comes back with its data",
  async () => {
    const line = await lineOf("up", "redis");
    await redisTalk.put(line, "before it ended");
    for (const pid of pids(line)) process.kill(pid, "SIGKILL");
    await expect.poll(() => redisTalk.get(line).catch(() => "ended"), { timeout: 5_000 }).toBe("ended");
    expect(await services("status")).toMatchObject({ code: 1, output: expect.stringContaining("redis-7 has ended") });
    const again = await lineOf("up", "redis");
    expect(withoutPid(again)).toEqual(withoutPid(line));
    expect(await redisTalk.get(again)).toBe("before it ended");
  },
  START_MS,
);

test("wrong usage is one line, exit 2", async () => {
  expect(await services("up", "no-such-broker")).toMatchObject({
    code: 2,
    output: expect.stringMatching(/^dev: .*\n$/),
  });
});

function pids({ pid }: ServiceLine): readonly number[] {
  return Array.isArray(pid) ? pid : [pid as number];
}

function withoutPid({ pid: _, ...rest }: ServiceLine): Omit<ServiceLine, "pid"> {
  return rest;
}
