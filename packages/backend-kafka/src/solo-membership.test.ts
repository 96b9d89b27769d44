import { VirtualClock } from "@org/dispatch-core";
import { expect, it } from "vitest";
import { SoloMembership } from "./solo-membership.ts";

/** A membership whose assignments end when the test says so. */
function bench() {
  const clock = new VirtualClock();
  const assigned: { resolve(): void; reject(error: unknown): void }[] = [];
  const said: string[] = [];
  const holder = {
    isStable: true,
    owned: () => new Map(),
    revoking: async () => void said.push("revoking"),
    joining: () => {},
    assigned: () => {
      said.push("assigned");
      const answer = Promise.withResolvers<void>();
      assigned.push(answer);
      return answer.promise;
    },
    lost: () => void said.push("lost"),
    failed: () => void said.push("failed"),
  };
  const places = () => [{ topic: "t", partition: 0 }];
  const grow = async () => void said.push("grow");
  const membership = new SoloMembership({ clock, holder, places, grow, left: () => void said.push("left") });
  const wanted = (isWanted: boolean) => membership.subscribe(new Set(isWanted ? ["t"] : []));
  return { clock, assigned, said, wanted };
}

it("asks for its partitions once at a time, also when they are wanted again while it waits", async () => {
  const { clock, assigned, said, wanted } = bench();
  wanted(true);
  await clock.settle();
  wanted(false);
  wanted(true);
  await clock.settle();
  expect(said.filter((one) => one === "assigned")).toHaveLength(1);
  assigned[0]?.resolve();
  await clock.settle();
  expect(said.filter((one) => one === "assigned")).toHaveLength(2);
  expect(said).not.toContain("lost");
});

it("tries again with pauses, and looks for more from time to time, as long as they are wanted", async () => {
  const { clock, assigned, said, wanted } = bench();
  wanted(true);
  await clock.settle();
  assigned[0]?.reject(new Error("no broker"));
  await clock.advance(100);
  expect(said).toEqual(["assigned", "failed", "assigned"]);
  assigned[1]?.resolve();
  await clock.advance(30_000);
  expect(said.slice(3)).toEqual(["grow", "assigned"]);
  assigned[2]?.resolve();
  wanted(false);
  await clock.advance(90_000);
  expect(said.slice(5)).toEqual(["revoking", "lost", "left"]);
});
