/** The other Node versions that the packages support, as programs to run the unit tests with. */
import { mkdir, writeFile } from "node:fs/promises";
import { run } from "../command.ts";
import { root } from "../tree.ts";

/** The majors beside the pinned one. */
export const otherNodeMajors: readonly number[] = [22, 26];

const folder = `${root}/.tools/nodes`;

/** Brings the Node of `major` (the newest one there is) and answers with its program. Throws with npm's words when there is none for this machine. */
export async function bringNode(major: number): Promise<string> {
  const home = `${folder}/${major}`;
  await mkdir(home, { recursive: true });
  await writeFile(`${home}/package.json`, '{ "private": true }\n');
  // The package `node` fetches its program in an install script, which npm may refuse to run; this one is the program.
  const binary = `node-${process.platform}-${process.arch}@${major}`;
  const { code, output } = await run(
    ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", `node@npm:${binary}`],
    {
      cwd: home,
    },
  );
  if (code !== 0) throw new Error(`npm could not bring ${binary}: ${output.trim()}`);
  return `${home}/node_modules/node/bin/node`;
}

/** Runs `node --version` and refuses a program that is not of `major`. */
export async function checkNode(program: string, major: number): Promise<void> {
  const { stdout, output } = await run([program, "--version"]);
  if (!stdout.startsWith(`v${major}.`)) throw new Error(`${program} is not Node ${major}: ${output.trim()}`);
}
