import { describe, expect, it } from "vitest";
import type { TracesOptions } from "./options.ts";
import { Traces } from "./traces.ts";

describe("options", () => {
  it.each([
    [{ ration: 0.01 }, "unknown option ration; known are ratio, tracerProvider, backend, random"],
    [{ ratio: -0.1 }, "ratio is not a number from 0 to 1: -0.1"],
    [{ ratio: 1.1 }, "ratio is not a number from 0 to 1: 1.1"],
    [{ ratio: Number.NaN }, "ratio is not a number from 0 to 1: NaN"],
    [{ ratio: "0.5" }, "ratio is not a number from 0 to 1: 0.5"],
    [{ ratio: null }, "ratio is not a number from 0 to 1: null"],
    [{ random: 1 }, "random is not a function: 1"],
    [{ tracerProvider: {} }, "tracerProvider has no function getTracer"],
    [{ tracerProvider: null }, "tracerProvider has no function getTracer"],
    [{ backend: 7 }, "backend is not a name: 7"],
    [{ backend: "" }, "backend is not a name: "],
  ])("%j is refused: %s", (options, why) => {
    expect(() => Traces.open(options as TracesOptions)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(`traces: ${why}`) }),
    );
  });

  it("that are undefined are those by default", () => {
    Traces.open({ ratio: undefined, tracerProvider: undefined, backend: undefined, random: undefined }).close();
    Traces.open().close();
  });
});
