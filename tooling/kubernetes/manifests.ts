/** The manifests of the examples, and what Kubernetes and KEDA say of them: by the schemas that they publish, and strictly. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { Deployment } from "kubernetes-models/apps/v1";
import { Job } from "kubernetes-models/batch/v1";
import { ConfigMap, Service } from "kubernetes-models/v1";
import { parseAllDocuments } from "yaml";
import { run } from "../command.ts";
import { root } from "../tree.ts";

export interface Manifest {
  /** From the repository's own folder. */
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly [key: string]: unknown;
}

interface Kind {
  readonly model: new (data: never) => { validate(): void };
  /** Where its type is, below node_modules. */
  readonly types: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  "apps/v1 Deployment": { model: Deployment, types: "kubernetes-models/apps/v1/Deployment" },
  "batch/v1 Job": { model: Job, types: "kubernetes-models/batch/v1/Job" },
  "v1 ConfigMap": { model: ConfigMap, types: "kubernetes-models/v1/ConfigMap" },
  "v1 Service": { model: Service, types: "kubernetes-models/v1/Service" },
  "keda.sh/v1alpha1 ScaledObject": {
    model: ScaledObject,
    types: "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject",
  },
};

/** All documents of the YAML files in these folders. Throws where one is no YAML. */
export async function readManifests(folders: readonly string[]): Promise<Manifest[]> {
  const lists = folders.map(async (folder) => {
    const names = (await readdir(`${root}/${folder}`)).filter((name) => name.endsWith(".yaml"));
    return Promise.all(names.map(async (name) => readDocuments(`${folder}/${name}`, await readFile(`${root}/${folder}/${name}`, "utf8")))); // biome-ignore format: one line
  });
  return (await Promise.all(lists)).flat(2);
}

/** `file`: where the text is from. */
export function readDocuments(file: string, text: string): Manifest[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${file}: ${error.message}`);
    return { file, ...(document.toJS({ maxAliasCount: 100 }) as Omit<Manifest, "file">) } as Manifest;
  });
}

/** What the published schema of its kind says against it; it lets fields pass that it does not know. */
export function problemsOf({ file, ...manifest }: Manifest): string[] {
  const kind = kinds[`${manifest.apiVersion} ${manifest.kind}`];
  if (kind === undefined) return [`${file}: nobody knows the kind ${manifest.apiVersion} ${manifest.kind}`];
  try {
    new kind.model(manifest as never).validate();
    return [];
  } catch (error) {
    return [`${file}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** What the published types say against them: fields that there are not, too. `folder`: for the program that the compiler checks. */
export async function typeProblemsOf(manifests: readonly Manifest[], folder: string): Promise<string> {
  const lines = manifests.map(({ file: _, ...manifest }, place) => {
    const { types = "nothing" } = kinds[`${manifest.apiVersion} ${manifest.kind}`] ?? {};
    const path = `${root}/node_modules/${types}.js`;
    return `export const m${place}: import(${JSON.stringify(path)}).I${manifest.kind} = ${JSON.stringify(manifest)};`;
  });
  await writeFile(`${folder}/manifests.mts`, `${lines.join("\n")}\n`);
  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--module",
    "nodenext",
    "--target",
    "esnext",
    "--ignoreConfig",
  ];
  return (await run(["tsc", ...options, `${folder}/manifests.mts`])).output;
}
