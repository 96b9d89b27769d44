import { describe, expect, it } from "vitest";
import { checkBackend } from "./backend-check.ts";
import type { Limits, Profile } from "./contract/index.ts";
import { Dispatcher } from "./dispatcher.ts";
import { memory } from "./memory/index.ts";
import { memoryProfile } from "./memory/profile.ts";

const refused = (message: string) => expect.objectContaining({ code: "CONFIG_INVALID", message });
const of = (facts: Partial<Profile>, limits: Partial<Limits> = {}) => ({
  contract: 1 as const,
  name: "acme",
  profile: { ...memoryProfile, ...facts, limits: { ...memoryProfile.limits, ...limits } },
});

describe("a backend", () => {
  it("as memory is one is taken", () => {
    expect(() => checkBackend(of({}))).not.toThrow();
  });

  it("of another contract is refused", () => {
    const wrong = { ...of({}), contract: 7 as never };
    expect(() => checkBackend(wrong)).toThrow(refused("backend acme: contract is 7, this core knows 1"));
  });

  it.each([
    [of({}, { batchFrames: 0 }), "batchFrames is 0, not a whole number from 1"],
    [of({}, { batchFrames: 1.5 }), "batchFrames is 1.5, not a whole number from 1"],
    [of({}, { batchFrames: "10" as never }), "batchFrames is 10, not a whole number from 1"],
    [of({}, { inFlight: undefined as never }), "inFlight is undefined, not a whole number from 1"],
    [of({}, { frameBytes: Number.NaN }), "frameBytes is NaN, not a whole number from 1"],
    [of({ sendDelayMs: -1 }), "sendDelayMs is -1, not 0 or more"],
    [of({ lease: { kind: "timed", stepMs: Number.NaN, totalCapMs: 1 } }), "stepMs is NaN, not 0 or more"],
  ])("with a number that none can be is refused", (backend, why) => {
    expect(() => checkBackend(backend)).toThrow(refused(`backend acme: ${why}`));
  });

  it.each([
    [of({ fencing: "strickt" as never }), "fencing is strickt, not one of strict, generation, best-effort"],
    [of({ redelivery: "loss" as never }), "redelivery is loss, not one of losses, grants, once"],
    [of({ dedupeLive: undefined as never }), "dedupeLive is undefined, not one of true, false"],
    [of({ lease: { kind: "lock" } as never }), "kind is lock, not one of timed, session"],
    [of({ verbs: ["move", "dept" as never] }), "verbs names dept, not one of move depth browse purge remove"],
    [of({ verbs: undefined as never }), "verbs is undefined, no list"],
  ])("that says what none can say is refused", (backend, why) => {
    expect(() => checkBackend(backend)).toThrow(/^backend acme: /);
    expect(() => checkBackend(backend)).toThrow(why);
  });

  it("that says too little is told all that is missing", () => {
    const { limits: _, ...profile } = memoryProfile;
    expect(() => checkBackend({ ...of({}), profile: profile as never })).toThrow(
      /frameBytes is undefined.*delayPrecisionMs is undefined/,
    );
    expect(() => checkBackend({ ...of({}), profile: undefined as never })).toThrow(/verbs is undefined, no list/);
  });

  it("is looked at before it is opened", async () => {
    await using backend = memory();
    const wrong = new Proxy(backend, { get: (of, key) => (key === "contract" ? 2 : Reflect.get(of, key, of)) });
    await expect(Dispatcher.open(wrong)).rejects.toEqual(refused("backend memory: contract is 2, this core knows 1"));
  });
});
