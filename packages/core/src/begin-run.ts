import type { Sent } from "./call.ts";
import { most } from "./codec/header.ts";
import { newRun } from "./codec/maker.ts";
import type { Headers } from "./contract/index.ts";
import type { DispatcherParts } from "./dispatcher-parts.ts";
import { DispatchError } from "./errors.ts";
import { inputSettings, type RunSettings } from "./plan/options.ts";
import { planTask } from "./plan/plan.ts";
import { workQueue } from "./queues.ts";
import type { KeptFrame } from "./result/kept-frame.ts";
import { OpenRun } from "./result/open-run.ts";
import type { Packable } from "./result/run-port.ts";
import type { Routes } from "./routes.ts";
import { type Input, isInput } from "./send/input.ts";
import { Outbox } from "./send/outbox.ts";
import { Outlets } from "./send/outlets.ts";
import { PackSizer } from "./send/pack-sizer.ts";
import { Packer } from "./send/packer.ts";
import { pump } from "./send/pump.ts";
import { type Kind, type Part, TaskFrames } from "./task-frames.ts";
import { withTrace } from "./tracing.ts";

/** Puts a run together, and begins it: its frames, its packs, the ways out of its queue, and its place at the coordinator, which brings the results. */
export function beginRun<I, O>(
  parts: DispatcherParts,
  kind: Kind,
  inputs: Iterable<I | Input<I>> | AsyncIterable<I | Input<I>>,
  settings: RunSettings,
): OpenRun<O, I | Input<I>> {
  const { settings: own, observer, tracing, calls, routes, outgoing, coordinator } = parts;
  const { clock, random, queue } = own;
  const { globalTimeoutMs, signal } = settings;
  const id = newRun();
  const endsAt = globalTimeoutMs === undefined ? undefined : clock.wall() + globalTimeoutMs;
  const until = () => ({ signal: run.stopsSending });
  const answered = (kept: KeptFrame, outcome: Sent) => run.answered(kept, outcome);
  const outlets = new Outlets((to) => new Outbox<KeptFrame>({ calls, clock, random, queue: to, until, answered }));
  const cancel = () => run.cancel();
  const sizer = new PackSizer(own);
  const envelope = { run: id, coordinator: coordinator.id, endsAt };
  const frames = new TaskFrames(outgoing, kind, envelope, settings.packs ?? own.packs);
  const packer = new Packer<Part>({
    clock,
    packBytes: outgoing.packBytes,
    size: () => sizer.size(run.left, coordinator.sharing),
    mayWait: (pending) => !run.inputEnded && run.left >= 2 * pending,
    waitMs: own.targetPackMs / 10,
    room: () => run.roomToSend(),
    packed: (group, parts) => {
      const { kept, make } = frames.pack(group, parts, coordinator.id);
      run.sendPack(parts, kept, make);
    },
  });
  const run: OpenRun<O, I | Input<I>> = new OpenRun<O, I | Input<I>>({
    id,
    queue,
    clock,
    task: kind.name,
    observer,
    ordered: settings.ordered,
    maxInFlight: settings.maxInFlight,
    maxInFlightBytes: settings.maxInFlightBytes,
    globalTimeoutMs,
    endsAt,
    refOf: (input) => (isInput(input) ? input.options.id : undefined),
    trace: tracing === undefined ? undefined : (index) => tracing.begin(queue, kind.name, id, index),
    make: (input, index, traced) => makeFrame(frames, routes, input, settings, index, traced),
    resend: (lost) => frames.resend(lost),
    apart: (one) => frames.apart(one),
    pack: (part: Packable) => packer.add((part as Part).group, part as Part, part.sizeBytes),
    flush: () => packer.flush(),
    packRest: () => packer.end(),
    ran: (durationMs) => sizer.ran(durationMs),
    work: (band) => workQueue(queue, routes.laneOf(band)),
    send: (kept) => outlets.of(kept.way.queue).send(kept),
    room: () => outlets.room(),
    activeWorkers: () => coordinator.activeWorkers,
    orphans: () => coordinator.orphans,
    ended: () => {
      signal?.removeEventListener("abort", cancel);
      coordinator.drop(run as OpenRun);
    },
  });
  coordinator.add(run as OpenRun);
  if (signal?.aborted) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });
  void parts.collect().then(
    () => pump(inputs, run, run.stopsInput).then(() => run.inputOver(), (error: unknown) => run.inputOver(error)), // biome-ignore format: one line each
    (error: DispatchError) => run.fail(error),
  );
  return run;
}

function makeFrame(
  frames: TaskFrames,
  routes: Routes,
  input: unknown,
  settings: RunSettings,
  index: number,
  traced: Headers | undefined,
) {
  if (index > most.first) throw new DispatchError("INPUT_INVALID", `a run has at most ${most.first + 1} tasks`);
  if (!isInput(input)) return frames.make(input, withTrace(settings, traced), index);
  if (input.invalid !== undefined) throw new DispatchError("INPUT_INVALID", input.invalid);
  const own = inputSettings(settings, input.options);
  planTask(routes, own);
  return frames.make(input.payload, withTrace(own, traced), index);
}
