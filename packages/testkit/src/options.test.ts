import { memory } from "@org/dispatch-core/memory";
import { describe, expect, it } from "vitest";
import { wrap } from "./decorators/wrap.ts";
import type { ConformanceOptions } from "./options.ts";
import { planConformance } from "./plan.ts";

const backend = (namespace: string) => memory({ namespace });
const plan = (more: object) => planConformance({ backend, ...more } as ConformanceOptions);

describe("a run that would test nothing, or something else than was meant, is refused", () => {
  it.each([
    [{ levels: ["seem"] }, "the level seem is none of seam, system, chaos, stress"],
    [{ levels: [] }, "no case is left to run"],
    [{ level: ["seam"] }, "unknown option level; did you mean levels?"],
    [{ skips: [] }, "unknown option skips; did you mean skip?"],
    [{ concurrency: 0 }, "concurrency is 0, not a whole number from 1 to 1000"],
    [{ slackMs: Number.NaN }, "slackMs is NaN, not a whole number from 0 to 86400000"],
    [{ slackMs: "9" }, "slackMs is 9, not a whole number from 0 to 86400000"],
    [{ proxy: {} }, "proxy is not a function"],
    [{ backend: {} }, "backend is not a function"],
    [{ skip: [{ id: "seam.nothing", reason: "r", issue: "#1" }] }, "there is no case seam.nothing to skip"],
  ])("%j", (options, why) => {
    expect(() => plan(options)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(() => plan(options)).toThrow(why);
  });

  it("a verb that the profile names and the backend has not", () => {
    const poor = (namespace: string) => wrap(backend(namespace), { browse: undefined } as never);
    const { profile } = backend("facts");
    const lies = (namespace: string) => Object.assign(poor(namespace), { profile, browse: undefined });
    expect(() => plan({ backend: lies })).toThrow("verbs names browse, which is no method of the backend");
  });
});
