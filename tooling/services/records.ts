/** What is known of the instances between two commands: a file in the folder of each. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { instancesFolder } from "./places.ts";
import type { Form, ServerProcess, Site } from "./service.ts";

export interface Instance {
  readonly service: string;
  readonly version: string;
  readonly form: Form;
}

export interface Record extends Instance {
  readonly ports: readonly number[];
  readonly by: "docker" | "processes";
  /** It was ready once, so its data is to be kept. */
  readonly kept: boolean;
  /** A start of it has not come to its end: what runs of it is of no use. */
  readonly starting: boolean;
  readonly processes: readonly ServerProcess[];
}

const FILE = "service.json";

export function instanceName({ service, version, form }: Instance): string {
  return `${service}-${version}${form === "single" ? "" : `-${form}`}`;
}

export function folderOf(instance: Instance): string {
  return `${instancesFolder()}/${instanceName(instance)}`;
}

export function siteOf(record: Record): Site {
  return { version: record.version, form: record.form, folder: folderOf(record), ports: record.ports };
}

export async function readRecord(instance: Instance): Promise<Record | undefined> {
  return parse(await readFile(`${folderOf(instance)}/${FILE}`, "utf8").catch(() => undefined));
}

/** Those of all instances, or of one service's. */
export async function readRecords(service?: string): Promise<Record[]> {
  const folder = instancesFolder();
  const names = (await readdir(folder).catch(() => [])).sort();
  const texts = await Promise.all(
    names.map((name) => readFile(`${folder}/${name}/${FILE}`, "utf8").catch(() => undefined)),
  );
  return texts.map(parse).filter((record) => record !== undefined && (service ?? record.service) === record.service) as Record[]; // biome-ignore format: one thought
}

/** Whole or not at all, whatever happens meanwhile. */
export async function writeRecord(record: Record): Promise<void> {
  const folder = folderOf(record);
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/${FILE}.new`, `${JSON.stringify(record, null, 2)}\n`);
  await rename(`${folder}/${FILE}.new`, `${folder}/${FILE}`);
}

/** Forgets the instance; its folder stays, for its logs, until it is started anew. */
export async function removeRecord(instance: Instance): Promise<void> {
  await rm(`${folderOf(instance)}/${FILE}`, { force: true });
}

function parse(text: string | undefined): Record | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Record);
}
