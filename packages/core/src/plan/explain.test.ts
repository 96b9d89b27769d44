import { describe, expect, it } from "vitest";
import { type Profile, UNLIMITED } from "../contract/index.ts";
import { memory } from "../memory/index.ts";
import { explain, type PlanNeeds } from "./explain.ts";

const { profile: memoryProfile } = memory();

function lines(change: Partial<Profile> = {}, needs: PlanNeeds = {}): Map<string, string> {
  return new Map(
    explain({ ...memoryProfile, ...change }, needs).map(({ need, how, text }) => [need, `${how}: ${text}`]),
  );
}

describe("explain", () => {
  it.each<[string, Partial<Profile>, PlanNeeds, string, string]>([
    [
      "a timed lease",
      {},
      { leaseMs: 90_000 },
      "lease",
      "native: 90 s, renewed every third; a dead worker's task is back after that",
    ],
    [
      "a session",
      { lease: { kind: "session", detectionMs: 10_000, totalCapMs: 1_800_000 } },
      {},
      "lease",
      "emulated: the session's: a dead process is noticed within 10 s; a task that is not renewed is given back after 1 min, 30 min in all",
    ],
    [
      "weak fencing",
      { fencing: "best-effort" },
      {},
      "fencing",
      "emulated: the broker may let a late settlement through",
    ],
    ["move", {}, {}, "settling", "native: ack, result, retry and dead letter in one step"],
    ["no move", { verbs: [] }, {}, "settling", "emulated: send first, ack second"],
    ["eleven priorities", {}, {}, "priority", "native: 0 to 10; of 16 grants one goes to what has waited longest"],
    [
      "priorities that starve",
      { starvationGrants: 0 },
      {},
      "priority",
      "native: 0 to 10, and nothing bounds starvation",
    ],
    [
      "lanes",
      { priorityLevels: 0 },
      { concurrency: 4 },
      "priority",
      "emulated: lanes high 7–10 (8), normal 4–6 (3), low 0–3 (1); a worker of 4 slots holds at most 2 more, starts at most 14 others before a late high task, 28 before a low one",
    ],
    [
      "lanes that nobody may make",
      { priorityLevels: 0 },
      { create: false, concurrency: 4 },
      "priority",
      "emulated: lanes high 7–10 (8), normal 4–6 (3), low 0–3 (1); a worker of 4 slots holds at most 2 more, starts at most 14 others before a late high task, 28 before a low one; without queues one lane: priorities other than 4 to 6 are refused",
    ],
    [
      "lanes that are not there",
      { priorityLevels: 0 },
      { create: false, absent: { lanes: true, later: false } },
      "priority",
      "refused: one lane: priorities other than 4 to 6 are refused; create makes the missing queues",
    ],
    [
      "long delays that have nowhere to wait",
      { sendDelayMs: 900_000 },
      { absent: { lanes: false, later: true } },
      "delay",
      "native: delays above 15 min are refused, longer pauses before a retry end then; create makes",
    ],
    ["any delay", {}, {}, "delay", "native: of any length, late by at most 1 ms"],
    [
      "delays of releases alone",
      { sendDelayMs: 0 },
      {},
      "delay",
      "emulated: delayed tasks wait in a queue of their own",
    ],
    ["a capped delay", { sendDelayMs: 900_000 }, {}, "delay", "emulated: native up to 15 min; longer ones wait"],
    [
      "no delay",
      { sendDelayMs: 0, releaseDelayMs: 0, limits: { ...memoryProfile.limits, delayPrecisionMs: 100 } },
      {},
      "delay",
      "emulated: 20 tiers from 100 ms to 52,428,800 ms, which every worker pumps; late by at most 100 ms and a round trip",
    ],
    [
      "packs where ids are refused",
      {},
      {},
      "packs",
      "emulated: 10 tasks at first, then as many as make up 100 ms, 100 at most; a task with an id travels alone, since a repeat is refused",
    ],
    [
      "packs of other sizes",
      { dedupeLive: false },
      { targetPackMs: 2_000, initialBatchSize: 8, maxBatchSize: 5 },
      "packs",
      "emulated: 5 tasks at first, then as many as make up 2 s, 5 at most",
    ],
    ["no packs", {}, { packs: false }, "packs", "native: off: every task has a frame of its own"],
    [
      "packs that are never whole",
      {},
      { maxLost: 0 },
      "packs",
      "refused: with maxLost 0 a worker takes each pack apart",
    ],
    [
      "losses",
      {},
      { maxLost: 1 },
      "losses",
      "native: the broker counts crashes and expired leases; dead after more than 1",
    ],
    [
      "grants",
      { redelivery: "grants" },
      {},
      "losses",
      "emulated: the broker counts releases too, or not at all: what is given back goes as a copy",
    ],
    [
      "ids",
      { dedupeWindowMs: 300_000 },
      {},
      "duplicates",
      "native: an id is taken while a task of it is in the queue and for 5 min",
    ],
    ["no ids", { dedupeLive: false }, {}, "duplicates", "emulated: a repeated id may run twice"],
    ["no blob store", {}, {}, "large payloads", "refused: frames of 67,108,864 bytes; above that TOO_LARGE: set blobs"],
    [
      "a blob store",
      { wire: "ascii" },
      { blobs: true },
      "large payloads",
      "emulated: frames of 67,108,864 bytes, as text; above that a claim check",
    ],
    [
      "results that go",
      { replyRetentionMs: 86_400_000, knowsGone: false },
      {},
      "results",
      "native: a reply queue for each coordinator, kept for 1 d, and no run may last longer; a worker does not learn",
    ],
    ["order", {}, {}, "resend", "emulated: a task is lost when what was sent after it has come back"],
    [
      "no order",
      { order: "none" },
      {},
      "resend",
      "emulated: as later tasks may overtake, the queue must also be empty",
    ],
    [
      "no order and no depth",
      { order: "none", verbs: ["move"] },
      {},
      "resend",
      "refused: later tasks may overtake and the broker has no depth",
    ],
    ["nothing to look with", { verbs: ["depth"] }, {}, "looking", "refused: the backend has no browse, no purge"],
    [
      "an option that cannot be kept",
      { lease: { kind: "timed", stepMs: 1, totalCapMs: 60_000 } },
      {},
      "options",
      "refused: timeoutMs is 300000, half of what the backend holds a frame for is 30000",
    ],
  ])("%s", (_, change, needs, need, expected) => {
    expect(lines(change, needs).get(need)?.slice(0, expected.length)).toBe(expected);
  });

  it("says nothing of queues that are there, nor of those that may be made", () => {
    const needs = { create: false, absent: { lanes: false, later: false } };
    for (const known of [needs, { create: true }]) {
      const said = lines({ priorityLevels: 0, sendDelayMs: 900_000 }, known);
      expect(said.get("priority")).toMatch(/before a low one$/);
      expect(said.get("delay")).toMatch(/which every worker pumps$/);
    }
  });

  it("says nothing of ids where the backend refuses none", () => {
    expect(lines({ dedupeLive: false }).get("packs")).toMatch(/ 100 at most$/);
  });

  it("says nothing of options where all can be kept", () => {
    expect(lines().has("options")).toBe(false);
    expect(memoryProfile.lease.totalCapMs).toBe(UNLIMITED);
  });
});
