import { describe, expect, it } from "vitest";
import { frameOf, probeOf } from "../testing/frames.ts";
import { type Admission, admit, type Circumstances } from "./admission.ts";

const WALL_MS = 10_000;
const usual: Circumstances = { lost: 0, maxLost: 3, others: true, known: true, clock: { wall: () => WALL_MS } };

function short(admission: Admission): string {
  return typeof admission === "string" ? admission : `${admission.outcome} ${admission.code}`;
}

describe("admit", () => {
  it.each<[string, Partial<Circumstances>, number | undefined, string]>([
    ["nothing special", {}, undefined, "run"],
    ["before its deadline", {}, WALL_MS + 1, "run"],
    ["at its deadline", {}, WALL_MS, "expired EXPIRED"],
    ["after its deadline", {}, WALL_MS - 1, "expired EXPIRED"],
    ["lost as often as allowed, beside others", { lost: 3 }, undefined, "give-back"],
    ["lost as often as allowed, alone", { lost: 3, others: false }, undefined, "run-alone"],
    ["lost once less", { lost: 2 }, undefined, "run"],
    ["lost once more", { lost: 4 }, undefined, "dead LOST"],
    ["lost far more, alone", { lost: 400, others: false }, undefined, "dead LOST"],
    ["no loss allowed, none happened", { maxLost: 0 }, undefined, "run"],
    ["no loss allowed, none happened, alone", { maxLost: 0, others: false }, undefined, "run"],
    ["no loss allowed, one happened", { maxLost: 0, lost: 1 }, undefined, "dead LOST"],
    ["one loss allowed, one happened", { maxLost: 1, lost: 1 }, undefined, "give-back"],
    ["no handler", { known: false }, undefined, "dead TASK_UNKNOWN"],
  ])("%s", (_, more, deadlineAt, expected) => {
    expect(short(admit(frameOf({ deadlineAt }), { ...usual, ...more }))).toBe(expected);
  });

  it.each<[string, Partial<Circumstances>, number | undefined, string]>([
    ["expired before lost", { lost: 4 }, 1, "expired EXPIRED"],
    ["expired before unknown", { known: false }, 1, "expired EXPIRED"],
    ["expired before the last chance", { lost: 3 }, 1, "expired EXPIRED"],
    ["lost before unknown", { lost: 4, known: false }, undefined, "dead LOST"],
    ["unknown before the last chance", { lost: 3, known: false }, undefined, "dead TASK_UNKNOWN"],
    ["unknown before the last chance, alone", { lost: 3, known: false, others: false }, undefined, "dead TASK_UNKNOWN"],
  ])("order: %s", (_, more, deadlineAt, expected) => {
    expect(short(admit(frameOf({ deadlineAt }), { ...usual, ...more }))).toBe(expected);
  });

  it("answers a probe whatever else is true", () => {
    expect(
      admit(probeOf(7), { ...usual, lost: 99, known: false, clock: { wall: () => Number.MAX_SAFE_INTEGER } }),
    ).toBe("answer-probe");
  });

  it("says in words what is wrong", () => {
    expect(admit(frameOf({ task: "mail" }), { ...usual, known: false })).toMatchObject({
      message: 'no handler for the task "mail"',
    });
    expect(admit(frameOf(), { ...usual, lost: 5 })).toMatchObject({
      message: "5 holders crashed or let the lease expire, the most is 3",
    });
  });
});
