/**
 * `./dev services up|down|restart|kill NAME`, `down all` and `status`: real brokers on free ports of 127.0.0.1 (docs/services.md). One JSON line an
 * instance on standard output; what is for people goes to standard error. Exit 1 where something did not start or stop, 2 for wrong usage.
 */

import { asksUsage, misuseLine } from "../usage.ts";
import { type Arguments, readArguments, USAGE } from "./arguments.ts";
import { down, restart, status, up } from "./lifecycle.ts";
import type { ServiceLine } from "./line.ts";
import { instanceName } from "./records.ts";
import { services } from "./services.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (asksUsage(argv)) {
    console.log(`${USAGE}\nNAME: ${services.map(({ name }) => name).join(", ")}`);
    return 0;
  }
  let given: Arguments;
  try {
    given = readArguments(argv, services);
  } catch (error) {
    console.error(misuseLine(error));
    return 2;
  }
  try {
    return await obey(given);
  } catch (error) {
    console.error(`dev: ${messageOf(error)}`);
    return 1;
  }
}

async function obey({ command, name, which, awayMs }: Arguments): Promise<number> {
  if (command === "up") print([await up(name, which)]);
  else if (command === "restart") print(await restart(name, which, { awayMs }));
  else if (command === "kill") print(await restart(name, which, { awayMs, signal: "SIGKILL" }));
  else if (command === "down")
    for (const each of await down(name, which)) console.error(`stopped ${instanceName(each)}`);
  else return report();
  return 0;
}

async function report(): Promise<number> {
  const { lines, ended } = await status();
  print(lines);
  for (const each of ended) console.error(`dev: ${instanceName(each)} has ended; up starts it again, down forgets it`);
  return ended.length === 0 ? 0 : 1;
}

function print(lines: readonly ServiceLine[]): void {
  for (const line of lines) process.stdout.write(`${JSON.stringify(line)}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
