/** The one build configuration: what every package of this tree is built with. */
import { defineConfig, type Options } from "tsup";

const shared = {
  target: "node22",
  treeshake: true,
  splitting: true,
  // tsup would strip `node:` from imports, and some builtins have no name without it.
  removeNodeProtocol: false,
} satisfies Options;

/** A package to import: ESM and CommonJS, each with types of its own. `entry` maps a name in `dist` to a source file. */
export const library = (entry: Record<string, string>, more: Pick<Options, "shims"> = {}) =>
  defineConfig({ ...shared, ...more, entry, format: ["esm", "cjs"], dts: true, clean: true });

/**
 * A command with functions to import. `index` is a library; `bin`, the program itself, is ESM only and has no types (the `#!` line of its source is
 * kept). The two builds run at the same time, so each clears only what is its own.
 */
export const program = ({ index, bin }: { index: string; bin: string }) =>
  defineConfig([
    {
      ...shared,
      entry: { index, bin },
      format: ["esm"],
      dts: { entry: { index } },
      clean: ["!**/*.cjs", "!**/*.d.cts"],
    },
    { ...shared, entry: { index }, format: ["cjs"], dts: true, clean: ["!**/*.js", "!**/*.d.ts"] },
  ]);
