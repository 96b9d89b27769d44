import { PassThrough } from "node:stream";
import { VirtualClock } from "@org/dispatch-core";
import { expect, test } from "vitest";
import { Pace, progressParts, showProgress, type Tally } from "./progress.ts";
import { screenOn } from "./screen.ts";
import { takeText } from "./taken-text.ts";

const tally: Tally = { total: 1_000, completed: 400, dead: 30, expired: 20, cancelled: 50, inputEnded: true };

function screen(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 });
  return { screen: screenOn(stream), text: () => takeText(stream) };
}

test("the parts: done of total, rate, ETA and the four outcomes", () => {
  expect(progressParts(tally, 10)).toEqual({
    done: "500/1,000",
    rate: "10/s",
    eta_text: "50.0 s",
    outcomes: "completed 400 dead 30 expired 20 cancelled 50",
  });
});

test("no ETA while the input goes on, or nothing moves", () => {
  expect(progressParts({ ...tally, inputEnded: false }, 10)).toMatchObject({ done: "500/1,000+", eta_text: "?" });
  expect(progressParts(tally, 0).eta_text).toBe("?");
});

test("the pace is that of the last ten seconds", () => {
  const pace = new Pace();
  expect(pace.at(0, 0)).toBe(0);
  expect(pace.at(1_000, 100)).toBe(100);
  expect(pace.at(10_000, 1_000)).toBe(100);
  expect(pace.at(20_000, 1_000)).toBe(0);
  expect(pace.at(21_000, 2_000)).toBeGreaterThan(0);
});

test("without a terminal: a line every ten seconds, and none after the end", async () => {
  const clock = new VirtualClock();
  const { screen: lines, text } = screen(false);
  const progress = showProgress(lines, clock, () => tally);
  await clock.advance(9_999);
  expect(text()).toBe("");
  await clock.advance(1);
  expect(text()).toBe("progress 500/1,000 · 50/s · ETA 10.0 s · completed 400 dead 30 expired 20 cancelled 50\n");
  await clock.advance(10_000);
  expect(text().split("\n")).toHaveLength(2);
  progress.stop();
  await clock.advance(60_000);
  expect(text()).toBe("");
});

test("on a terminal: a bar with the same parts; a line between wipes it and leaves it whole", async () => {
  const clock = new VirtualClock();
  const { screen: terminal, text } = screen(true);
  const progress = showProgress(terminal, clock, () => tally);
  await clock.advance(400);
  const bar = text();
  for (const part of ["50% 500/1,000", "ETA", "completed 400 dead 30 expired 20 cancelled 50"])
    expect(bar).toContain(part);
  expect(bar).not.toContain("\n");
  terminal.line("warn something");
  expect(text()).toBe("\r\u001b[Kwarn something\n");
  await clock.advance(400);
  expect(text()).toContain("500/1,000");
  progress.stop();
  expect(text()).toMatch(/500\/1,000.*\n$/s);
});
