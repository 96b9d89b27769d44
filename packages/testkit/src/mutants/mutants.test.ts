import { memory } from "@org/dispatch-core/memory";
import { describe, expect, it } from "vitest";
import { cases } from "../cases.ts";
import { leftOut, runCase } from "../run-case.ts";
import { mutants } from "./index.ts";

const right = (namespace: string) => memory({ namespace });
/** Where its own facts leave a case out, it is right under facts that do not. */
const others = [
  (namespace: string) => memory({ namespace, character: "sqs", profile: { pollMs: 0, dedupeWindowMs: 60_000 } }),
  (namespace: string) => memory({ namespace, character: "kafka" }),
];

const caseOf = (id: string) => {
  const found = cases.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no case ${id}`);
  return found;
};

describe("the suite catches", () => {
  it.each(mutants)("$id: it $fault", async ({ caughtBy, wrap }) => {
    const one = caseOf(caughtBy);
    const wrong = (namespace: string) => wrap(right(namespace));
    expect(leftOut(one, wrong("facts").profile), "the profile leaves the case out").toBeUndefined();
    await expect(runCase(one, { backend: wrong })).rejects.toThrow(caughtBy);
  });
});

describe("the memory backend passes", () => {
  it.each([...new Set(mutants.map(({ caughtBy }) => caughtBy))])("%s", async (id) => {
    const one = caseOf(id);
    const backend = [right, ...others].find((make) => leftOut(one, make("facts").profile) === undefined);
    if (backend === undefined) throw new Error(`no memory backend has what ${id} asks for`);
    await runCase(one, { backend });
  });
});

describe("mutants", () => {
  it("have ids of their own, and are more than enough", () => {
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
    expect(mutants.length).toBeGreaterThanOrEqual(40);
  });
});
