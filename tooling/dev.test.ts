/** `./dev`: it becomes the program that it starts, leaves paths to the caller, finds its tools, and says in one line what is wrong. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { beforeEach, describe, expect, test } from "vitest";
import { run } from "./command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { root } from "./tree.ts";

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder("dev");
});

describe("the program takes the place of ./dev", () => {
  test.each([
    ["node", ["node", "--eval", ""]],
    ["dispatch", ["dispatch", "--version"]],
    ["exec", ["exec", "node", "--eval", ""]],
  ])("%s has the process id that the caller holds", async (_, args) => {
    await writeFile(`${folder}/announce.mjs`, "process.stderr.write('pid ' + process.pid + '\\n');\n");
    const child = spawn(`${root}/dev`, args, {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: `--import=${folder}/announce.mjs` },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const said = await text(child);
    expect(said).toContain(`pid ${child.pid}\n`);
  });

  test("a signal reaches it", async () => {
    const program =
      'process.on("SIGTERM", () => { console.error("drained"); process.exit(7); }); console.error("ready"); setInterval(() => {}, 1000);';
    const child = spawn(`${root}/dev`, ["node", "--eval", program], { stdio: ["ignore", "ignore", "pipe"] });
    await once(child.stderr, "data");
    child.kill("SIGTERM");
    const [[code], [said]] = await Promise.all([once(child, "exit"), once(child.stderr, "data")]);
    expect([code, String(said)]).toEqual([7, "drained\n"]);
  });
});

describe("paths are the caller's", () => {
  test("the working directory stays", async () => {
    const { stdout } = await run([`${root}/dev`, "node", "--print", "process.cwd()"], { cwd: folder });
    expect(stdout).toBe(`${folder}\n`);
  });

  test("dispatch takes files of the folder in which it is called", async () => {
    await writeFile(`${folder}/double.mjs`, "export default (payload) => payload * 2;\n");
    await writeFile(`${folder}/input.jsonl`, "21\n");
    const argv = ["dispatch", "run", "--handler", "double.mjs", "--input", "input.jsonl", "--output", "output.jsonl"];
    const { code, output } = await run([`${root}/dev`, ...argv], { cwd: folder });
    expect(code, output).toBe(0);
    expect(JSON.parse(await readFile(`${folder}/output.jsonl`, "utf8"))).toMatchObject({
      outcome: "completed",
      value: 42,
    });
  });
});

describe("usage", () => {
  test.each([[[]], [["nothing-like-that"]]])("%j: one line with the commands, exit 2", async (args) => {
    const { code, stdout, output } = await run([`${root}/dev`, ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(output).toMatch(/^dev: usage: .*\bstart\b.*\btest\b.*\bdispatch\b.*\bcheck\b.*\n$/);
  });

  const listed = async () => {
    const { stdout } = await run([`${root}/dev`, "--help"]);
    return [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = ""]) => name);
  };

  test.each(["--help", "-h", "help"])("%s: every command there is, a line each, exit 0", async (word) => {
    const { code, stdout, output } = await run([`${root}/dev`, word]);
    expect([code, output]).toEqual([0, stdout]);
    const script = await readFile(`${root}/dev`, "utf8");
    const names = [...script.matchAll(/^ {2}([a-z |]+)\) (?:set_up|use_tools)/gm)].flatMap(([, each = ""]) => each.split(" | ")); // biome-ignore format: one line
    expect(names).toContain("services");
    expect((await listed()).sort()).toEqual(names.sort());
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("each command says how it is called, exit 0, and does nothing else", async () => {
    for (const name of await listed()) {
      const { code, stdout, output } = await run([`${root}/dev`, name, "--help"], { timeoutMs: 20_000 });
      expect([name, code, output]).toEqual([name, 0, stdout]);
      expect(stdout, name).toMatch(/usage/i);
      const ours = !["dispatch", "node", "npx", "pnpm", "start"].includes(name);
      if (ours) expect(stdout).toMatch(new RegExp(`^usage: \\./dev ${name}\\b`));
    }
  }, 60_000);

  test("an unknown option: one line, exit 2", async () => {
    const own = ["start", "test", "check", "dispatch", "simulate", "conformance", "prove", "services", "bench", "demo"];
    for (const name of [...own, "install", "setup"]) {
      const { code, stdout, output } = await run([`${root}/dev`, name, "--foo"], { timeoutMs: 20_000 });
      expect([name, code, stdout]).toEqual([name, 2, ""]);
      expect(output, name).toMatch(/^(dev|dispatch|evaluate): [^\n]+\n$/);
    }
  }, 60_000);

  test("exec wants a program", async () => {
    expect(await run([`${root}/dev`, "exec"])).toMatchObject({ code: 2, stdout: "" });
  });

  test("an unchanged tree needs no set-up, and nothing is said", async () => {
    await run([`${root}/dev`, "setup"]);
    expect(await run([`${root}/dev`, "setup"])).toMatchObject({ code: 0, output: "" });
  });
});

describe("the tools, on a machine of which only npx is known", () => {
  /** Stands for npx: notes each call, and answers with the folder that `folders` has for the package of Node that is asked for. */
  async function fakeNpx(answers: string): Promise<void> {
    await mkdir(`${folder}/bin`);
    await writeFile(`${folder}/bin/npx`, `#!/bin/sh\necho "$3" >> "${folder}/calls"\n${answers}\n`);
    await chmod(`${folder}/bin/npx`, 0o755);
  }

  /** A folder as npx makes them, with what there is of the real tools. */
  async function toolFolder(name: string, tools: readonly string[]): Promise<void> {
    await mkdir(`${folder}/${name}`);
    const real = (await readFile(`${root}/.tools/path`, "utf8")).trim();
    for (const tool of tools) await symlink(await realpath(`${real}/${tool}`), `${folder}/${name}/${tool}`);
  }

  /** `./dev node --version` of a fresh copy, with the path of such a machine. */
  async function freshNode() {
    await copyFile(`${root}/dev`, `${folder}/dev`);
    const path = `${folder}/bin:/usr/bin:/bin`;
    const argv = ["/bin/sh", `${folder}/dev`, "node", "--version"];
    return run(["/usr/bin/env", `PATH=${path}`, ...argv], { cwd: tmpdir() });
  }

  const calls = async () => (await readFile(`${folder}/calls`, "utf8")).trim().split("\n");
  const binary = `node-${process.platform}-${process.arch}@24`;

  test("npx is asked once, and again when what it said is gone", async () => {
    await toolFolder("good", ["node", "pnpm"]);
    await fakeNpx(`echo "${folder}/good"`);
    expect((await freshNode()).stdout).toMatch(/^v24\./);
    expect((await freshNode()).stdout).toMatch(/^v24\./);
    expect(await calls()).toEqual(["node@24"]);
    await writeFile(`${folder}/.tools/path`, `${folder}/gone\n`);
    expect((await freshNode()).stdout).toMatch(/^v24\./);
    expect(await calls()).toEqual(["node@24", "node@24"]);
  });

  test("where npm runs no install scripts, the package that is nothing but the program is taken", async () => {
    await toolFolder("no-scripts", ["pnpm"]);
    await symlink("../node/bin/node", `${folder}/no-scripts/node`);
    await toolFolder("good", ["node", "pnpm"]);
    await fakeNpx(`case $3 in node@24) echo "${folder}/no-scripts" ;; *) echo "${folder}/good" ;; esac`);
    expect((await freshNode()).stdout).toMatch(/^v24\./);
    expect(await calls()).toEqual(["node@24", binary]);
  });

  test("offline: one line, exit 1", async () => {
    await fakeNpx('echo "npm error code ENOTFOUND" >&2; exit 1');
    const { code, output } = await freshNode();
    expect(code).toBe(1);
    expect(output).toMatch(/^dev: npm could not bring Node 24 and pnpm 12: is its registry reachable\?.*\n$/);
  });

  test("a step of the set-up that fails is shown, exit 1", async () => {
    await toolFolder("good", ["node", "pnpm"]);
    await fakeNpx(`echo "${folder}/good"`);
    await freshNode();
    await writeFile(`${folder}/package.json`, '{ "private": true, "dependencies": { "nothing": "1.0.0" } }\n');
    const { code, output } = await run([`${folder}/dev`, "setup"], {
      env: { npm_config_registry: "http://127.0.0.1:9" },
    });
    expect(code).toBe(1);
    expect(output).toContain("ERR_PNPM_NO_LOCKFILE");
    expect(output).toMatch(/dev: this step of the set-up failed: pnpm .*install --frozen-lockfile\n$/);
  });
});

async function text(child: ChildProcess): Promise<string> {
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  await once(child, "close");
  return said;
}
