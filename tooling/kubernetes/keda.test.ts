/** The examples for KEDA: what they name exists, in the metrics, in the answer of /scale, and on the brokers. */
import { readdir, readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { Metrics } from "../../packages/metrics/dist/index.js";
import { problemsOf } from "../alerts/known-series.ts";
import { root } from "../tree.ts";

const folder = `${root}/examples/keda`;
const files = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));

interface Trigger {
  readonly type: string;
  readonly metricType?: string;
  readonly metadata: Readonly<Record<string, string>>;
}
interface ScaledObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: { readonly minReplicaCount: number; readonly triggers: readonly Trigger[] };
}

const load = async (name: string) => {
  const documents = parseAllDocuments(await readFile(`${folder}/${name}`, "utf8"));
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  return documents.map((document) => document.toJS() as ScaledObject);
};

test("there is one for each backend that others can reach, and for the two that suit all", () => {
  expect(files.sort()).toEqual(["kafka", "metrics-api", "prometheus", "rabbitmq", "redis", "sqs"].map((name) => `${name}.yaml`)); // biome-ignore format: one line
});

describe.each(files)("%s", (file) => {
  test("is a ScaledObject whose triggers say texts only, as KEDA wants them", async () => {
    const [object, ...more] = await load(file);
    expect([object?.apiVersion, object?.kind, more]).toEqual(["keda.sh/v1alpha1", "ScaledObject", []]);
    for (const { metadata } of object?.spec.triggers ?? [])
      for (const value of Object.values(metadata)) expect(typeof value).toBe("string");
  });

  test("asks for what is there", async () => {
    const triggers = (await load(file)).flatMap(({ spec }) => spec.triggers);
    expect(triggers.length).toBeGreaterThan(0);
    const metrics = Metrics.open();
    const scale = Object.keys(metrics.scale());
    metrics.close();
    for (const { type, metadata } of triggers) {
      if (type === "metrics-api") expect([scale, metadata.url?.endsWith("/scale")]).toEqual([expect.arrayContaining([metadata.valueLocation]), true]); // biome-ignore format: one line
      if (type === "prometheus") expect(problemsOf(metadata.query ?? "")).toEqual([]);
    }
  });
});
