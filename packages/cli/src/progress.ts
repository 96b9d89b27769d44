import type { Clock } from "@org/dispatch-core/contract";
import { MultiBar, Presets } from "cli-progress";
import { countText, durationText, rateText } from "./figures.ts";
import type { Screen } from "./screen.ts";

/** The part of a run's books that progress shows. */
export interface Tally {
  readonly total: number;
  readonly completed: number;
  readonly dead: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly inputEnded: boolean;
}

/** Progress that is being shown. */
export interface ProgressDisplay {
  stop(): void;
}

const BAR_EVERY_MS = 200;
const LINE_EVERY_MS = 10_000;
const RATE_OVER_MS = 10_000;

/** Shows how a run goes on: a bar on a terminal, else a line every 10 s. `read` is asked each time. */
export function showProgress(screen: Screen, clock: Clock, read: () => Tally): ProgressDisplay {
  const pace = new Pace();
  const draw = screen.isTerminal ? drawnBar(screen) : undefined;
  const everyMs = draw === undefined ? LINE_EVERY_MS : BAR_EVERY_MS;
  const show = () => {
    const tally = read();
    const parts = progressParts(tally, pace.at(clock.now(), doneOf(tally)));
    if (draw === undefined) screen.line(progressLine(parts));
    else draw.update(tally, parts);
  };
  const tick = () => {
    show();
    timer = clock.after(everyMs, tick, true);
  };
  pace.at(clock.now(), 0);
  let timer = clock.after(everyMs, tick, true);
  return {
    stop() {
      timer.cancel();
      if (draw === undefined) return;
      show();
      draw.stop();
    },
  };
}

interface Bar {
  update(tally: Tally, parts: ProgressParts): void;
  stop(): void;
}

/** One bar in the last line of a terminal. A `MultiBar`, because a `SingleBar` jumps back at its end to where it began, over lines written since. */
function drawnBar(screen: Screen): Bar {
  const bars = new MultiBar(
    {
      stream: screen.stream as NodeJS.WritableStream,
      format: "{bar} {percentage}% {done} · {rate} · ETA {eta_text} · {outcomes}",
      barsize: 24,
      // A second signal ends the process at once: nothing of the terminal's state may be changed until then, and signals are ours.
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
      // A line that is written between two turns wipes the bar.
      forceRedraw: true,
    },
    Presets.shades_classic,
  );
  const bar = bars.create(1, 0, progressParts(NOTHING, 0));
  return {
    update(tally, parts) {
      bar.setTotal(Math.max(tally.total, 1));
      bar.update(doneOf(tally), parts);
      bars.update();
    },
    stop: () => bars.stop(),
  };
}

const NOTHING: Tally = { total: 0, completed: 0, dead: 0, expired: 0, cancelled: 0, inputEnded: false };

/** The texts of one moment. */
export interface ProgressParts {
  readonly done: string;
  readonly rate: string;
  readonly eta_text: string;
  readonly outcomes: string;
}

/** What there is to show: the total has a `+` and there is no ETA while the input goes on. */
export function progressParts(tally: Tally, tasksPerSecond: number): ProgressParts {
  const left = tally.total - doneOf(tally);
  const known = tally.inputEnded && tasksPerSecond > 0;
  const { completed, dead, expired, cancelled } = tally;
  return {
    done: `${countText(doneOf(tally))}/${countText(tally.total)}${tally.inputEnded ? "" : "+"}`,
    rate: rateText(tasksPerSecond),
    eta_text: known ? durationText((left / tasksPerSecond) * 1_000) : "?",
    outcomes: Object.entries({ completed, dead, expired, cancelled })
      .map(([name, count]) => `${name} ${countText(count)}`)
      .join(" "),
  };
}

function progressLine(parts: ProgressParts): string {
  return `progress ${parts.done} · ${parts.rate} · ETA ${parts.eta_text} · ${parts.outcomes}`;
}

function doneOf(tally: Tally): number {
  return tally.completed + tally.dead + tally.expired + tally.cancelled;
}

/** Tasks a second over the last 10 s: an ETA from the whole run's average would lag behind every change. */
export class Pace {
  #marks: { readonly atMs: number; readonly done: number }[] = [];

  /** Notes how many are done now, and answers the pace. */
  at(nowMs: number, done: number): number {
    this.#marks.push({ atMs: nowMs, done });
    while (this.#marks.length > 2 && nowMs - (this.#marks[1]?.atMs ?? nowMs) >= RATE_OVER_MS) this.#marks.shift();
    const oldest = this.#marks[0] ?? { atMs: nowMs, done };
    return nowMs > oldest.atMs ? ((done - oldest.done) * 1_000) / (nowMs - oldest.atMs) : 0;
  }
}
