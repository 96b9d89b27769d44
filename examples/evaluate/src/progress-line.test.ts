import { expect, test } from "vitest";
import { ProgressLine } from "./progress-line.ts";

function watched(isTTY: boolean) {
  const written: string[] = [];
  const clock = { nowMs: 0 };
  const line = new ProgressLine({ isTTY, write: (text) => written.push(text) }, () => clock.nowMs);
  return { line, written, clock };
}

test("a terminal has one line, written over every 100 ms at most", () => {
  const { line, written, clock } = watched(true);
  line.start("parse", 5_000);
  for (clock.nowMs = 10; clock.nowMs <= 250; clock.nowMs += 10) line.update("parse", clock.nowMs * 10, 5_000);
  line.end("parse", 5_000, 5_000);
  expect(written).toEqual([
    "\rparse 0 of 5,000 (0 %)\u001b[K",
    "\rparse 1,000 of 5,000 (20 %) 10,000 tasks/s\u001b[K",
    "\rparse 2,000 of 5,000 (40 %) 10,000 tasks/s\u001b[K",
    "\rparse 5,000 of 5,000 (100 %) 19,231 tasks/s\u001b[K",
    "\n",
  ]);
});

test("elsewhere a line stands every 2 s, and one at each end", () => {
  const { line, written, clock } = watched(false);
  line.start("relation", 100);
  for (clock.nowMs = 500; clock.nowMs <= 4_500; clock.nowMs += 500) line.update("relation", clock.nowMs / 100, 100);
  clock.nowMs = 5_000;
  line.end("relation", 50, 100);
  expect(written).toEqual([
    "relation 0 of 100 (0 %)\n",
    "relation 20 of 100 (20 %) 10 tasks/s\n",
    "relation 40 of 100 (40 %) 10 tasks/s\n",
    "relation 50 of 100 (50 %) 10 tasks/s\n",
  ]);
});

test("nothing to do is all of it", () => {
  const { line, written } = watched(false);
  line.start("relation", 0);
  expect(written).toEqual(["relation 0 of 0 (100 %)\n"]);
});
