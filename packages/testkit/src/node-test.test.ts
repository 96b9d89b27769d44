import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The suite under node:test, from the package as it is built, without vitest. */

const here = dirname(dirname(fileURLToPath(import.meta.url)));
let folder: string;

const runNode = async (text: string, reporter = "tap") => {
  const file = join(folder, "acme.test.mjs");
  await writeFile(file, text);
  const { NODE_TEST_CONTEXT: _own, ...env } = process.env;
  return promisify(execFile)(process.execPath, ["--test", `--test-reporter=${reporter}`, file], { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { readonly code: number; readonly stdout: string }) => ({ code: error.code, stdout: error.stdout }),
  );
};

const suite = (backend: string) => `
import { describe, it } from "node:test";
import { register, wrap } from "@org/dispatch-testkit";
import { memory } from "@org/dispatch-core/memory";
const right = (namespace) => memory({ namespace });
register({ backend: ${backend}, name: "acme", levels: ["seam"] }, { describe, it });
`;

beforeAll(async () => {
  // Within the package, so that its own name and its peer are found.
  folder = await mkdtemp(join(here, ".node-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("under node:test", { timeout: 60_000 }, () => {
  it("the memory backend passes every case of the seam", async () => {
    const { code, stdout } = await runNode(suite("right"));
    expect(code, stdout).toBe(0);
    expect(stdout).toContain("ok 1 - seam.send.single.roundtrip-identical");
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(40);
    expect(stdout).toMatch(/^# fail 0$/m);
  });

  it("a wrong one fails the case that names its fault, which says what was expected", async () => {
    const wrong = "(namespace) => wrap(right(namespace), { renew: async (receipts) => receipts.map(() => 'ok') })";
    const { code, stdout } = await runNode(suite(wrong));
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/not ok \d+ - seam\.lease\.renew\.after-loss-is-lost/);
    expect(stdout).toContain("a lease that is over is not revived by a late renewal");
    expect(stdout).toContain("Read on: docs/conformance.md#seam.lease.renew.after-loss-is-lost");
    // What people see prints stacks.
    expect((await runNode(suite(wrong), "spec")).stdout).toContain(
      "Read on: docs/conformance.md#seam.lease.renew.after-loss-is-lost",
    );
  });
});
