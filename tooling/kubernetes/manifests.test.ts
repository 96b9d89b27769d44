/** The examples for Kubernetes: valid, and true of what a worker does and serves. */
import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { defaults } from "../../packages/core/dist/index.js";
import { Metrics, serveMetrics } from "../../packages/metrics/dist/index.js";
import { run } from "../command.ts";
import { needPromtool, promtool } from "../services/prometheus/promtool.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { root } from "../tree.ts";
import { type Manifest, problemsOf, readDocuments, readManifests, typeProblemsOf } from "./manifests.ts";

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly timeoutSeconds?: number;
}
interface Container {
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [Container];
}

const manifests = await readManifests(["examples/kubernetes", "examples/keda"]);
const ofKind = <T>(kind: string) => manifests.filter((manifest) => manifest.kind === kind) as unknown as readonly T[];
const pods = [...ofKind<{ spec: { template: { spec: PodSpec } } }>("Deployment"), ...ofKind<{ spec: { template: { spec: PodSpec } } }>("Job")].map(({ spec }) => spec.template.spec); // biome-ignore format: one line
const [map] = ofKind<{ data: Readonly<Record<string, string>> }>("ConfigMap");

describe("all manifests", () => {
  test("are valid by the published schemas of Kubernetes and KEDA", () => {
    expect(manifests.length).toBeGreaterThanOrEqual(10);
    expect(manifests.flatMap(problemsOf)).toEqual([]);
  });

  test("and have no field that their types do not know", async () => {
    expect(await typeProblemsOf(manifests, await temporaryFolder("manifests"))).toBe("");
  }, 120_000);

  test("what is wrong is found by the one or the other", async () => {
    const wrong = (spec: string): Manifest[] =>
      readDocuments("x", `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\nspec: ${spec}\n`);
    const pod =
      "selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: c, image: i, probe: 1 }] } }";
    expect(wrong(`{ replicas: "3", ${pod} }`).flatMap(problemsOf).join()).toMatch(/replicas must be integer/);
    expect(await typeProblemsOf(wrong(`{ ${pod} }`), await temporaryFolder("manifests"))).toMatch(
      /probe\W+ does not exist in type 'IContainer'/,
    );
    expect(readDocuments("x", "apiVersion: v1\nkind: Pot\n").flatMap(problemsOf).join()).toMatch(
      /nobody knows the kind v1 Pot/,
    );
  }, 120_000);
});

test("probes ask for pages that are served, on the port that is", async () => {
  const metrics = Metrics.open();
  const server = await serveMetrics(metrics, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close());
  const probes = pods.flatMap(({ containers: [{ startupProbe, livenessProbe, readinessProbe }] }) => [startupProbe, livenessProbe, readinessProbe]).filter((probe) => probe !== undefined); // biome-ignore format: one line
  expect(probes).toHaveLength(4);
  for (const { httpGet } of probes) expect((await fetch(`${server.url}${httpGet.path}`)).status).not.toBe(404);
  for (const { containers } of pods) expect(containers[0].ports).toEqual([{ name: "metrics", containerPort: 9464 }]);
  expect(map?.data["dispatch.yaml"]).toContain("http: 0.0.0.0:9464");
  metrics.close();
});

test("a pod that is to go is given the time that it may take", () => {
  const [drainMs, abandonMs] = ["drainMs", "abandonMs"].map((key) =>
    Number(new RegExp(`^${key}: (\\d+)$`, "m").exec(map?.data["dispatch.yaml"] ?? "")?.[1]),
  );
  expect([drainMs, abandonMs]).toEqual([defaults.drainMs, defaults.abandonMs]);
  for (const { terminationGracePeriodSeconds, containers } of pods) {
    const preStop = containers[0].lifecycle?.preStop.sleep.seconds ?? 0;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(preStop + (defaults.drainMs + defaults.abandonMs) / 1_000);
  }
});

test("the configuration has no problems, and the commands are none of wrong usage", async () => {
  const folder = await temporaryFolder("kubernetes");
  await writeFile(`${folder}/dispatch.yaml`, map?.data["dispatch.yaml"] ?? "");
  const env = { REDIS_URL: "redis://127.0.0.1:1" };
  const dispatch = (argv: readonly string[]) =>
    run([process.execPath, `${root}/packages/cli/dist/bin.js`, ...argv], { cwd: folder, env });
  expect(await dispatch(["config", "check", "dispatch.yaml"])).toMatchObject({
    code: 0,
    output: expect.stringContaining("no problems, 0 warnings"),
  });
  for (const { containers } of pods) {
    const [program, command = "", ...args] = containers[0].args;
    expect(program).toBe("dispatch");
    const flags = args.filter((word) => word.startsWith("--"));
    const { output } = await dispatch([command, "--help"]);
    for (const flag of flags) expect(output).toMatch(new RegExp(`${flag}\\b`));
  }
});

test("Prometheus takes the configuration for it, and waits longer than an answer takes", async ({ skip }) => {
  skip(!(await needPromtool()), "no promtool here");
  const { code, output } = await promtool(
    ["check", "config", "--syntax-only", "prometheus.yml"],
    `${root}/examples/kubernetes`,
  );
  expect(code, output).toBe(0);
  const text = await readFile(`${root}/examples/kubernetes/prometheus.yml`, "utf8");
  expect(Number(/scrape_timeout: (\d+)s/.exec(text)?.[1])).toBeGreaterThan(3);
  for (const { containers } of pods)
    for (const probe of [containers[0].livenessProbe, containers[0].readinessProbe])
      if (probe) expect(probe.timeoutSeconds).toBeGreaterThan(3);
});
