import { spawn } from "node:child_process";
import { once } from "node:events";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { withLock } from "./lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder("lock");
});

test("one at a time, also when one of them throws", async () => {
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    seen.push(`${name} ends`);
    if (name === "a") throw new Error("broken");
    return name;
  };
  const settled = await Promise.allSettled(["a", "b", "c"].map((name) => withLock(`${folder}/lock`, work(name))));
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(seen.length).toBe(6);
  for (let at = 0; at < seen.length; at += 2) expect(seen[at + 1]).toBe(seen[at]?.replace("begins", "ends"));
});

test("a holder that is killed leaves no lock behind, a living one does hold it", async () => {
  const source = `const { withLock } = await import(${JSON.stringify(`${import.meta.dirname}/lock.ts`)});
    await withLock(process.argv[1], async () => { console.log("held"); await new Promise((r) => setTimeout(r, 60_000)); });`;
  const holder = spawn(process.execPath, ["--input-type=module", "--eval", source, `${folder}/lock`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  let isIn = false;
  const waiting = withLock(`${folder}/lock`, async () => {
    isIn = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(isIn).toBe(false);
  holder.kill("SIGKILL");
  await waiting;
  expect(isIn).toBe(true);
});
