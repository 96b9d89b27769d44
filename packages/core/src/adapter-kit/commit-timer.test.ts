import { expect, it } from "vitest";
import { VirtualClock } from "../clock.ts";
import { CommitTimer } from "./commit-timer.ts";

function setUp() {
  const clock = new VirtualClock();
  const commits: number[] = [];
  const timer = new CommitTimer({ clock, everyMs: 1_000, everyFrames: 3, commit: () => commits.push(clock.now()) });
  return { clock, commits, timer };
}

it("commits some time after the first completion, and not while nothing is done", async () => {
  const { clock, commits, timer } = setUp();
  timer.done(0);
  await clock.advance(5_000);
  timer.done(1);
  await clock.advance(600);
  timer.done(1);
  await clock.advance(5_000);
  expect(commits).toEqual([6_000]);
});

it("commits at once when enough is done, and then not for the old reason again", async () => {
  const { clock, commits, timer } = setUp();
  timer.done(2);
  await clock.advance(500);
  timer.done(2);
  expect(commits).toEqual([500]);
  await clock.advance(5_000);
  expect(commits).toEqual([500]);
});

it("tries a commit that failed again, after its interval", async () => {
  const { clock, commits, timer } = setUp();
  timer.done(3);
  timer.failed();
  await clock.advance(999);
  expect(commits).toEqual([0]);
  await clock.advance(1);
  expect(commits).toEqual([0, 1_000]);
  timer.failed(5_000);
  // What is done meanwhile waits for that, too.
  timer.done(1);
  await clock.advance(5_000);
  expect(commits).toEqual([0, 1_000, 6_000]);
});

it("flushes what is done, and nothing after a stop", async () => {
  const { clock, commits, timer } = setUp();
  timer.flush();
  timer.done(1);
  timer.flush();
  expect(commits).toEqual([0]);
  timer.done(1);
  timer.stop();
  await clock.advance(5_000);
  expect(commits).toEqual([0]);
});
