import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { memory } from "@org/dispatch-core/memory";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { withFacts } from "./decorators/facts.ts";
import { wrap } from "./decorators/wrap.ts";
import type { ConformanceOptions } from "./options.ts";
import { planConformance } from "./plan.ts";
import type { CaseReport } from "./report.ts";
import { reportText } from "./report-text.ts";
import { runConformance } from "./run-conformance.ts";
import { type BackendFactory, World } from "./world/world.ts";

const backend = (namespace: string) => memory({ namespace });
const ids = (cases: readonly CaseReport[], status: CaseReport["status"]) =>
  cases.filter((one) => one.status === status).map(({ id }) => id);

describe("runConformance", () => {
  it("runs the cases without a test runner, tells each, and writes what became of them", async () => {
    const file = join(await temporaryFolder("conformance"), "sub/conformance.json");
    const told: string[] = [];
    const skip = [{ id: "seam.move.is-one-step", reason: "not yet", issue: "#7" }];
    const report = await runConformance({
      ...{ backend, levels: ["seam"], skip, versions: { broker: "1.2" }, report: file },
      onCase: ({ id }) => told.push(id),
    });
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(report);
    expect(report).toMatchObject({
      ...{ format: 1, backend: "memory", levels: ["seam"], isComplete: true, profile: backend("x").profile },
      versions: {
        testkit: expect.stringMatching(/^\d/),
        core: expect.stringMatching(/^\d/),
        node: process.versions.node,
      },
      totals: { failed: 0, skipped: 1 },
    });
    expect(report.versions.broker).toBe("1.2");
    expect(new Set(told)).toEqual(new Set(report.cases.map(({ id }) => id)));
    expect(report.totals.passed).toBeGreaterThan(30);
    expect(report.totals.passed).toBe(ids(report.cases, "passed").length);
    expect(report.cases.find(({ id }) => id === "seam.move.is-one-step")).toMatchObject({
      status: "skipped",
      ...skip[0],
    });
    const text = reportText(report);
    expect(text).toContain("SKIPPED   seam.move.is-one-step  not yet (#7)");
    expect(text.trimEnd().split("\n").at(-1)).toMatch(/^\d+ passed, 0 failed, \d+ left out by the profile, 1 skipped$/);
  });

  it("names the fact that leaves a case out", async () => {
    const poor = (namespace: string) => withFacts(backend(namespace), { priorityLevels: 0, priorityOrder: "none" });
    const { cases } = await runConformance({ backend: poor, levels: ["seam"] });
    expect(cases.find(({ id }) => id === "seam.priority.strict-descending")).toMatchObject({
      status: "left-out",
      fact: "priorityOrder none",
    });
  });

  it("says of a failure what was expected, and goes on with the others", async () => {
    const forgets = (namespace: string) =>
      wrap(backend(namespace), { renew: async (receipts) => receipts.map(() => "ok") });
    const report = await runConformance({ backend: forgets, levels: ["seam"] });
    expect(ids(report.cases, "failed")).toContain("seam.lease.renew.after-loss-is-lost");
    expect(report.totals.passed).toBeGreaterThan(20);
    expect(reportText(report)).toContain("a lease that is over is not revived");
  });

  it("a case that hangs fails when its time is over", async () => {
    const hangs = (namespace: string) =>
      wrap(backend(namespace), { send: () => new Promise(() => setTimeout(() => {}, 1)) });
    const slow = (namespace: string) => {
      const inner = hangs(namespace);
      return withFacts({ ...inner, profile: { ...inner.profile, reach: "network" } }, {});
    };
    const report = await runConformance({ backend: slow, levels: ["seam"], timeoutMs: 100, concurrency: 100 });
    const hung = report.cases.find(({ id }) => id === "seam.send.single.roundtrip-identical");
    expect(hung?.error).toContain("the case did not end within 100 ms");
  });

  it("a profile that claims strict fencing, and has it not, is caught by the cases about it", async () => {
    // SQS acks whatever its handle says; see the character's own profile.
    const honest = (namespace: string) => memory({ namespace, character: "sqs" });
    const liar = (namespace: string) => withFacts(honest(namespace), { fencing: "strict" });
    expect(ids((await runConformance({ backend: honest, levels: ["seam"] })).cases, "failed")).toEqual([]);
    const caught = ids((await runConformance({ backend: liar, levels: ["seam"] })).cases, "failed");
    expect(caught).toContain("seam.settle.stale-holder-cannot-ack");
  });

  it("refuses a skip without a reason or an issue, and of a case that there is not", async () => {
    const id = "seam.move.is-one-step";
    for (const skip of [
      { id, reason: "", issue: "#1" },
      { id, reason: "why", issue: "" },
      { id: "seam.x", reason: "why", issue: "#1" },
    ])
      await expect(runConformance({ backend, skip: [skip] })).rejects.toThrow(skip.id);
  });

  it("a case whose hook is not given is left out, and the report says so", async () => {
    const far = (namespace: string) => withFacts(backend(namespace), { reach: "network" });
    const { cases } = await runConformance({ backend: far, levels: ["chaos"], timeoutMs: 1, concurrency: 100 });
    expect(cases.find(({ id }) => id === "chaos.process.sigstop")).toMatchObject({
      status: "left-out",
      fact: "needs the hook spawnWorker",
    });
  });

  it("without a proxy, cases about silent connections are left out, and those that end a session where the lease hangs on it", () => {
    // Soon noticed, so that it can be waited for on the machine's clock.
    const lease = { kind: "session", totalCapMs: 1_800_000, detectionMs: 3_000 } as const;
    const far = (character: "redis" | "rabbitmq") => (namespace: string) =>
      withFacts(memory({ namespace, character }), { reach: "network", ...(character === "rabbitmq" && { lease }) });
    const out = (backend: BackendFactory, hooks: Partial<ConformanceOptions> = {}) =>
      planConformance({ backend, levels: ["seam", "system", "chaos"], ...hooks }).notRunning.flatMap(({ id, fact }) =>
        fact === "needs the hook proxy" ? [id] : [],
      );
    const silent = ["seam.errors.black-hole.settles-by-deadline", "chaos.connection.half-open"];
    expect(out(far("redis"))).toEqual(silent);
    expect(out(far("rabbitmq"))).toEqual(
      expect.arrayContaining([
        ...silent,
        "seam.lease.killed-process.redelivered-within-detection",
        "seam.settle.losses-counted-as-the-profile-says",
        "system.lost.crash-counts-lost",
        "chaos.worker.zombie",
      ]),
    );
    const proxy = () => Promise.reject(new Error("not opened")) as never;
    expect(out(far("rabbitmq"), { proxy })).toEqual([]);
  });

  it("a case that ends a session elsewhere, and does not say so, fails", async () => {
    const far = (namespace: string) => withFacts(memory({ namespace, character: "rabbitmq" }), { reach: "network" });
    const world = new World({ backend: far, namespace: "ends" });
    expect(() => world.process().crash()).toThrow("endsSessions");
    expect(() => world.process().freeze()).toThrow("endsSessions");
    await world.end();
  });
});
