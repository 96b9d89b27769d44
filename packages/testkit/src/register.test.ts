import assert from "node:assert/strict";
import { memory } from "@org/dispatch-core/memory";
import { describe, expect, it } from "vitest";
import { cases } from "./cases.ts";
import { withFacts, without } from "./decorators/facts.ts";
import { wrap } from "./decorators/wrap.ts";
import { explained } from "./explained.ts";
import { register, select, type TestRunner } from "./register.ts";
import { runCase } from "./run-case.ts";

const backend = (namespace: string) => memory({ namespace });

describe("cases", () => {
  it("have ids of their own, of level, area and name", () => {
    const ids = cases.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, level, cites, expects } of cases) {
      expect(id).toMatch(/^(seam|system|chaos|stress)(\.[a-z0-9-]+){2,3}$/);
      expect(id.startsWith(`${level}.`)).toBe(true);
      expect(cites.length, id).toBeGreaterThan(0);
      for (const invariant of cites) expect(invariant).toMatch(/^(I([1-9]|1\d|20)|L[12])$/);
      expect(expects.length, id).toBeGreaterThan(20);
    }
  });

  it("are left out by a fact of the profile, which is named", () => {
    const bare = (namespace: string) => without(withFacts(backend(namespace), { priorityLevels: 0 }), "move");
    const { applying, out } = select({ backend: bare });
    const reasons = new Set(out.values());
    expect(reasons).toContain("verbs without move");
    expect(reasons).toContain("priorityLevels 0");
    expect(applying.map(({ id }) => id)).not.toContain("seam.move.is-one-step");
    expect(applying.length + out.size).toBe(cases.filter(({ level }) => level === "seam" || level === "system").length);
  });
});

describe("cases that need a hook", () => {
  const far = (namespace: string) => withFacts(backend(namespace), { reach: "network", durability: "restart" });

  it("are left out for a broker elsewhere without it, which is said, and never by a hook for one in this process", () => {
    const levels = ["chaos"] as const;
    const { applying, out } = select({ backend: far, levels });
    expect([...out.values()]).toContain("needs the hook restart");
    expect(applying.map(({ id }) => id)).not.toContain("chaos.broker.restart");
    const hooked = select({ backend: far, levels, restart: async () => {} });
    expect(hooked.applying.map(({ id }) => id)).toContain("chaos.broker.restart");
    expect(select({ backend, levels }).applying.map(({ id }) => id)).toContain("chaos.worker.sigkill");
  });
});

describe("register", () => {
  it("gives each case that applies to a runner, and prints what is skipped with its reason and issue", async () => {
    const registered = new Map<string, { skip: boolean; body: () => Promise<void> }>();
    const runner: TestRunner = {
      describe: (_, body) => body(),
      it: (name, { skip }, body) => registered.set(name, { skip, body }),
    };
    const skip = [{ id: "seam.move.is-one-step", reason: "not yet", issue: "#7" }];
    register({ backend, levels: ["seam"], skip }, runner);
    expect(registered.get("seam.move.is-one-step (skipped: not yet, #7)")?.skip).toBe(true);
    const one = registered.get("seam.send.single.roundtrip-identical");
    expect(one?.skip).toBe(false);
    await one?.body();
  });

  it("refuses a skip of a case that there is not", () => {
    const runner: TestRunner = { describe: (_, body) => body(), it: () => {} };
    const skip = [{ id: "seam.move.is-two-steps", reason: "a slip", issue: "#8" }];
    expect(() => register({ backend, skip }, runner)).toThrow("seam.move.is-two-steps");
  });
});

describe("runCase", () => {
  const run = (id: string, options: Parameters<typeof runCase>[1]) => {
    const one = cases.find((candidate) => candidate.id === id);
    assert.ok(one !== undefined);
    return runCase(one, options);
  };

  it("says of a failure which case it was, which promise broke, and what was expected of the backend", async () => {
    const forgets = (namespace: string) =>
      wrap(backend(namespace), { renew: async (receipts) => receipts.map(() => "ok") });
    await expect(run("seam.lease.renew.after-loss-is-lost", { backend: forgets })).rejects.toThrow(
      /seam\.lease\.renew\.after-loss-is-lost \(I4, I6\): a lease that is over is not revived/,
    );
  });

  it("says what hangs on it, and where to read on", async () => {
    const forgets = (namespace: string) =>
      wrap(backend(namespace), { renew: async (receipts) => receipts.map(() => "ok") });
    const failure = await run("seam.lease.renew.after-loss-is-lost", { backend: forgets }).catch((error) => error);
    expect(failure).toBeInstanceOf(assert.AssertionError);
    const lines = failure.message.split("\n");
    expect(lines).toContain("What hangs on it:");
    expect(lines).toContain("  I6: at most one unexpired lease per frame");
    expect(lines.at(-1)).toBe("Read on: docs/conformance.md#seam.lease.renew.after-loss-is-lost");
  });

  it("explains also what is no error, and what keeps its message", () => {
    const one = cases[0];
    assert.ok(one !== undefined);
    for (const failure of ["a text", new DOMException("gone", "AbortError")]) {
      const error = explained(failure, one);
      expect(error.message).toContain(one.expects);
      expect(error.message).toContain(typeof failure === "string" ? failure : "gone");
      expect(error.cause).toBe(failure);
    }
  });

  it("stops a loop that gives nobody a turn: a second one who waits ends the first, who asks again", async () => {
    const jealous = (namespace: string) => {
      const inner = backend(namespace);
      const waiting = new Map<string, AbortController>();
      return wrap(inner, {
        async receive(queue, want, signal) {
          const key = JSON.stringify(queue);
          waiting.get(key)?.abort();
          const own = new AbortController();
          waiting.set(key, own);
          return inner.receive(queue, want, AbortSignal.any([signal, own.signal]));
        },
      });
    };
    await expect(run("system.pack.outlived-is-sent-on", { backend: jealous })).rejects.toThrow("I15: a hot loop");
  }, 30_000);

  it("stops a case that would never end", async () => {
    const swallows = (namespace: string) =>
      wrap(backend(namespace), { send: async (_, frames) => frames.map(() => "ok") });
    await expect(run("system.stop.one-worker-leaves-others", { backend: swallows })).rejects.toThrow("not within");
  });
});
