import { memory } from "@org/dispatch-core/memory";
import { duplicate } from "./decorators/duplicate.ts";
import { slow } from "./decorators/slow.ts";
import { conformance } from "./vitest.ts";

/**
 * Of a pack that others still need, a receipt is only proven and not acked: a step that arrives twice takes effect twice, as a send without dedupe does.
 * Both copies run, each task has one outcome.
 */
const ofPacks = ["partial-failure-copies-only-the-failed", "drain-mid-pack-runs-nothing-twice", "outlived-is-sent-on"];

/** The suite once more, on a broker that is far away, and on one to which every send of a task arrives twice. */

conformance({
  backend: (namespace) => slow(memory({ namespace }), { ms: 40 }),
  name: "memory, slow",
  levels: ["seam", "system"],
  slackMs: 400,
});

conformance({
  // Only tasks have ids to be told apart by (I12). Results that come twice have a case of their own.
  backend: (namespace) => duplicate(memory({ namespace }), { which: ({ role }) => role === "work" }),
  name: "memory, duplicate",
  levels: ["seam", "system"],
  skip: [
    {
      id: "system.result.resend.lost-by-the-broker",
      reason:
        "a resend is no first frame, so no broker may refuse its repeated send: it is run twice, and has one outcome",
      issue: "docs/design.md, 5. Settling",
    },
    ...ofPacks.map((name) => ({
      id: `system.pack.${name}`,
      reason:
        "what is sent on of a pack is no first frame, and its pack is not acked with it: a repeated step copies it twice",
      issue: "docs/design.md, 5. Settling",
    })),
  ],
});
