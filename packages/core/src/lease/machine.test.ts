import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { granted, type LeaseEffect, type LeaseOn, type LeaseState, step, wantsRenewal } from "./machine.ts";

const DEADLINE = 100;
const states: Readonly<Record<string, LeaseState>> = {
  held: { at: "held", deadline: DEADLINE },
  running: { at: "running", deadline: DEADLINE },
  settling: { at: "settling", deadline: DEADLINE },
  settled: { at: "settled" },
  lost: { at: "lost", why: "expired" },
};
const events: Readonly<Record<string, readonly (readonly [on: LeaseOn, time: number])[]>> = {
  begin: [["begin", DEADLINE - 1]],
  renewed: [DEADLINE - 1, DEADLINE, DEADLINE + 1].map((deadline) => ["renewed", deadline]),
  refused: [["refused", 0]],
  "tick, late": [DEADLINE, DEADLINE + 1].map((now) => ["tick", now]),
  "prove, in time": [["prove", DEADLINE - 1]],
  "prove, late": [DEADLINE, DEADLINE + 1].map((now) => ["prove", now]),
  "settle, in time": [["settle", DEADLINE - 1]],
  "settle, late": [DEADLINE, DEADLINE + 1].map((now) => ["settle", now]),
  settled: [["settled", 0]],
};

/** The table in the machine's comment, a cell at a time: what the state is afterwards, and the effects but `forget`. */
function readTable(): { from: string; event: string; to: string; effects: string[] }[] {
  const source = readFileSync(new URL("./machine.ts", import.meta.url), "utf8");
  const rows = source
    .split("\n")
    .filter((line) => line.startsWith(" * |"))
    .map((line) => line.slice(4).split("|").map((cell) => cell.trim()).slice(0, -1)); // biome-ignore format: one row
  const [head = [], , ...body] = rows;
  return body.flatMap(([from = "", ...cells]) => {
    const unchanged = cells[0]?.startsWith("no event changes it") === true;
    return head.slice(1).map((event, index) => {
      const [to = "", ...effects] = unchanged ? [from] : (cells[index] ?? "").split(", ");
      return { from, event, to, effects };
    });
  });
}

const isOver = (at: string) => at === "settled" || at === "lost";

describe("the lease machine", () => {
  const table = readTable();

  it("has a table of five states and nine events", () => {
    expect(table).toHaveLength(Object.keys(states).length * Object.keys(events).length);
    expect(new Set(table.map(({ from }) => from))).toEqual(new Set(Object.keys(states)));
    expect(new Set(table.map(({ event }) => event))).toEqual(new Set(Object.keys(events)));
  });

  it.each(table)("$from, $event: $to $effects", ({ from, event, to, effects }) => {
    const before = states[from] as LeaseState;
    for (const [on, time] of events[event] ?? []) {
      const [after, done] = step(before, on, time);
      expect(after.at).toBe(to);
      expect(done).toEqual([...effects, ...(isOver(to) && !isOver(from) ? ["forget"] : [])]);
      if (isOver(from)) expect(after).toBe(before);
      if (after.at === "lost" && !isOver(from)) expect(after.why).toBe(on === "refused" ? "fenced" : "expired");
      if ("deadline" in after) expect(after.deadline).toBe(on === "renewed" ? Math.max(DEADLINE, time) : DEADLINE);
    }
  });

  it.each<[string, LeaseEffect[]]>([
    ["held", ["forget"]],
    ["running", ["abort", "forget"]],
    ["settling", ["forget"]],
  ])("takes a late begin in %s for a late tick", (from, effects) => {
    for (const now of [DEADLINE, DEADLINE + 1]) {
      expect(step(states[from] as LeaseState, "begin", now)).toEqual([{ at: "lost", why: "expired" }, effects]);
    }
  });

  it.each(Object.keys(states))("is not changed in %s by a tick in time", (from) => {
    const before = states[from] as LeaseState;
    expect(step(before, "tick", DEADLINE - 1)).toEqual([before, []]);
  });

  it("begins held, and wants renewing until it is settled", () => {
    expect(granted(DEADLINE)).toEqual(states.held);
    const wanting = Object.keys(states).filter((at) => wantsRenewal(states[at] as LeaseState));
    expect(wanting).toEqual(["held", "running"]);
  });
});
