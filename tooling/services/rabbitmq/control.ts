/** `rabbitmqctl` on a running server of `./dev services`, for tests that do something to it. */
import { readRecords, siteOf } from "../records.ts";
import { controlFirst } from "./rabbitmq.ts";

/** Throws what the command says where it fails. */
export async function rabbitmqctl(version: string, ...words: readonly string[]): Promise<string> {
  const record = (await readRecords("rabbitmq")).find((one) => one.version === version && one.form === "single");
  if (record === undefined) throw new Error(`no single rabbitmq ${version} runs`);
  return controlFirst(siteOf(record), ...words);
}
