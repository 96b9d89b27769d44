import type { DispatcherParts } from "./dispatcher-parts.ts";
import type { DispatchError } from "./errors.ts";
import type { RunSettings } from "./plan/options.ts";
import type { OpenRun } from "./result/open-run.ts";
import { RunParts } from "./run-parts.ts";
import type { Input } from "./send/input.ts";
import { pump } from "./send/pump.ts";
import type { Kind } from "./task-frames.ts";

/** Begins a run of this dispatcher. */
export function beginRun<I, O>(
  parts: DispatcherParts,
  kind: Kind,
  inputs: Iterable<I | Input<I>> | AsyncIterable<I | Input<I>>,
  settings: RunSettings,
): OpenRun<O, I | Input<I>> {
  const { run } = new RunParts<I, O>(parts, kind, settings);
  void parts.collect().then(
    () => pump(inputs, run, run.stopsInput).then(() => run.inputOver(), (error: unknown) => run.inputFailed(error)), // biome-ignore format: one line each
    (error: DispatchError) => run.fail(error),
  );
  return run;
}
