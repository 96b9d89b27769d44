import assert from "node:assert/strict";
import { type Profile, UNLIMITED } from "@org/dispatch-core/contract";
import { area } from "../case.ts";
import { Bare, frameOf, textsOf } from "../world/bare.ts";

const native = ({ priorityLevels }: Profile) => priorityLevels >= 11 || `priorityLevels ${priorityLevels}`;

const delays =
  (mostMs: number) =>
  ({ sendDelayMs }: Profile) =>
    sendDelayMs >= mostMs || `sendDelayMs ${sendDelayMs}`;

/** In which order, and when, frames come. */
export const seamOrderCases = [
  ...area("seam", "delay", {
    "none-early": {
      cites: ["I14"],
      expects: "a delayed frame comes when its time has come, late by at most the declared precision",
      when: delays(3_000),
      async run(world) {
        const bare = await Bare.open(world);
        const sentAt = world.clock.now();
        const all = [0, 500, 1_000, 1_500, 3_000];
        await bare.send(all.map((delayMs) => frameOf(String(delayMs), { delayMs })));
        for (let left = all.length; left > 0; ) {
          const got = await bare.receive({ waitMs: 10_000 });
          assert.ok(got.length > 0, "I1: a delayed frame did not come");
          for (const text of textsOf(got)) {
            const waitedMs = world.clock.now() - sentAt;
            const most = Number(text) + world.profile.limits.delayPrecisionMs + world.slackMs;
            assert.ok(waitedMs >= Number(text), `I14: ${text} ms were over after ${waitedMs} ms`);
            assert.ok(waitedMs <= most, `I14: ${text} ms were over after ${waitedMs} ms only`);
          }
          await bare.ack(...got);
          left -= got.length;
        }
      },
    },

    "short-behind-long-not-blocked": {
      cites: ["I14", "L1"],
      expects: "a long delay does not hold up a shorter one that was sent after it",
      when: delays(60_000),
      async run(world) {
        const bare = await Bare.open(world);
        await bare.send([frameOf("long", { delayMs: 60_000 })]);
        await bare.send([frameOf("short", { delayMs: 1_000 })]);
        const sentAt = world.clock.now();
        assert.deepEqual(textsOf(await bare.receive({ waitMs: 10_000 })), ["short"]);
        const waitedMs = world.clock.now() - sentAt;
        assert.ok(waitedMs <= 1_000 + world.profile.limits.delayPrecisionMs + world.slackMs, `after ${waitedMs} ms`);
      },
    },
  }),

  ...area("seam", "delay", {
    precision: {
      cites: ["I14"],
      expects: "each delayed frame is late by at most limits.delayPrecisionMs, however many fall due side by side",
      when: delays(2_000),
      async run(world) {
        const bare = await Bare.open(world);
        const sentAt = world.clock.now();
        const all = Array.from({ length: 40 }, () => Math.floor(world.random() * 2_000));
        await bare.send(all.map((delayMs, index) => frameOf(`${delayMs}/${index}`, { delayMs })));
        const bySentMs = world.clock.now() - sentAt;
        const most = world.profile.limits.delayPrecisionMs + world.slackMs + bySentMs;
        for (let left = all.length; left > 0; ) {
          const got = await bare.receive({ max: 10, waitMs: 10_000 });
          assert.ok(got.length > 0, `I1: ${left} delayed frames did not come`);
          const waitedMs = world.clock.now() - sentAt;
          for (const text of textsOf(got)) {
            const lateMs = waitedMs - Number.parseInt(text, 10);
            assert.ok(lateMs >= 0 && lateMs <= most, `I14: ${text} came ${lateMs} ms late, the most is ${most}`);
          }
          await bare.ack(...got);
          left -= got.length;
        }
      },
    },

    "over-native-cap": {
      cites: ["I1", "I14"],
      expects:
        "a delay of exactly sendDelayMs is taken; a longer one is refused, as that frame's own outcome, and never cut short",
      when: ({ sendDelayMs }) => sendDelayMs < UNLIMITED || "sendDelayMs UNLIMITED",
      async run(world) {
        const bare = await Bare.open(world);
        const { sendDelayMs } = world.profile;
        const over = frameOf("over", { delayMs: sendDelayMs + 1_000 });
        const outcomes = await bare.send([frameOf("exact", { delayMs: sendDelayMs }), over, "now"]);
        assert.deepEqual(outcomes.toSpliced(1, 1), ["ok", "ok"]);
        assert.equal(
          typeof outcomes[1],
          "object",
          `I14: a delay beyond sendDelayMs is answered ${String(outcomes[1])}`,
        );
        const got = await bare.receiveAll(sendDelayMs === 0 ? 2 : 1);
        assert.deepEqual(textsOf(got).sort(), sendDelayMs === 0 ? ["exact", "now"] : ["now"]);
        assert.deepEqual(await bare.receive(), [], "I14: a delay was cut short");
      },
    },
  }),

  ...area("seam", "priority", {
    bound: {
      cites: ["I13"],
      expects:
        "as long as something of the highest priority is ready, at most one of starvationGrants grants in a row goes to anything lower",
      when: (profile) =>
        profile.priorityOrder === "strict" ? native(profile) : `priorityOrder ${profile.priorityOrder}`,
      async run(world) {
        const bare = await Bare.open(world);
        const { starvationGrants } = world.profile;
        const span = starvationGrants > 0 ? starvationGrants : 20;
        await bare.send(Array.from({ length: 20 }, (_, index) => frameOf(`low-${index}`, { priority: index % 10 })));
        await bare.send(Array.from({ length: span * 4 }, (_, index) => frameOf(`high-${index}`, { priority: 10 })));
        const got = textsOf(await bare.receiveAll(span * 3, { max: 7 }));
        for (let from = 0; from + span <= got.length; from += 1) {
          const lows = got.slice(from, from + span).filter((text) => text.startsWith("low")).length;
          const most = starvationGrants > 0 ? 1 : 0;
          assert.ok(lows <= most, `I13: ${lows} of ${span} grants passed over the highest priority`);
        }
      },
    },

    "strict-descending": {
      cites: ["I13"],
      expects: "the highest priority comes first, and of one priority what was sent first",
      when: (profile) =>
        profile.priorityOrder === "strict" ? native(profile) : `priorityOrder ${profile.priorityOrder}`,
      async run(world) {
        const bare = await Bare.open(world);
        const priorities = [5, 0, 10, 3, 7, 10, 5, 1];
        await bare.send(priorities.map((priority, index) => frameOf(`${priority}-${index}`, { priority })));
        const got = textsOf(await bare.receiveAll(8, { max: 1 }));
        const expected = priorities
          .map((priority, index) => ({ priority, index }))
          .sort((a, b) => b.priority - a.priority || a.index - b.index)
          .map(({ priority, index }) => `${priority}-${index}`);
        assert.deepEqual(got, expected);
      },
    },

    "no-starvation": {
      cites: ["I13"],
      expects: "of so many grants in a row as the profile says, at least one goes to the frame that has waited longest",
      when(profile) {
        const levels = native(profile);
        return levels !== true ? levels : profile.starvationGrants > 0 || "starvationGrants 0";
      },
      async run(world) {
        const bare = await Bare.open(world);
        const grants = world.profile.starvationGrants;
        await bare.send([frameOf("low-0", { priority: 0 }), frameOf("low-1", { priority: 1 })]);
        await bare.send(Array.from({ length: grants * 4 }, (_, index) => frameOf(`high-${index}`, { priority: 10 })));
        const got = textsOf(await bare.receiveAll(grants * 3, { max: 3 }));
        for (const [index, low] of ["low-0", "low-1"].entries()) {
          const place = got.indexOf(low);
          assert.ok(place >= 0 && place < (index + 1) * grants, `I13: ${low} came as number ${place + 1}`);
        }
      },
    },
  }),
];
