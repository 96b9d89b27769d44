import type { Backend } from "./contract/index.ts";
import { DispatchError } from "./errors.ts";

/** Without one of these nothing would ever be sent or taken, and half a frame is none. */
const COUNTS = ["frameBytes", "batchFrames", "batchBytes", "inFlight"];
const NUMBERS =
  "totalCapMs releaseDelayMs sendDelayMs priorityLevels starvationGrants dedupeWindowMs retentionMs replyRetentionMs ackLagMs pollMs delayPrecisionMs";
const WORDS: Readonly<Record<string, string>> = {
  kind: "timed session",
  fencing: "strict generation best-effort",
  priorityOrder: "strict mixed none",
  requeueKeepsPriority: "true false",
  redelivery: "losses grants once",
  order: "fifo partition none",
  sharing: "message partition",
  dedupeLive: "true false",
  wire: "bytes ascii",
  reach: "process network",
  durability: "none restart",
  knowsGone: "true false",
};
const VERBS = "move depth browse purge remove";

/**
 * Refuses a backend of another contract, and a profile that says what none can say, or too little: a number that no broker can have might make a plan that
 * never ends, and a word that is misspelt would be taken for one of the others. Throws `CONFIG_INVALID`, with all of it.
 */
export function checkBackend({ contract, name, profile }: Pick<Backend, "contract" | "name" | "profile">): void {
  const facts: Readonly<Record<string, unknown>> = { ...profile, ...profile?.lease, ...profile?.limits };
  const wrong = contract === 1 ? [] : [`contract is ${String(contract)}, this core knows 1`];
  const look = (keys: string | readonly string[], isRight: (value: unknown) => boolean, right: string) => {
    for (const key of typeof keys === "string" ? keys.split(" ") : keys)
      if (!isRight(facts[key])) wrong.push(`${key} is ${String(facts[key])}, not ${right}`);
  };
  look(COUNTS, (value) => Number.isSafeInteger(value) && (value as number) >= 1, "a whole number from 1");
  look(NUMBERS, (value) => typeof value === "number" && value >= 0, "0 or more");
  look(facts.kind === "session" ? "detectionMs" : "stepMs", (value) => (value as number) >= 0, "0 or more");
  for (const [key, words] of Object.entries(WORDS)) {
    const known = words.split(" ");
    look([key], (value) => known.includes(String(value)), `one of ${known.join(", ")}`);
  }
  const verbs: unknown = facts.verbs;
  if (!Array.isArray(verbs)) wrong.push(`verbs is ${String(verbs)}, no list`);
  for (const verb of Array.isArray(verbs) ? verbs : [])
    if (!VERBS.split(" ").includes(verb)) wrong.push(`verbs names ${String(verb)}, not one of ${VERBS}`);
  if (wrong.length > 0) throw new DispatchError("CONFIG_INVALID", `backend ${name}: ${wrong.join("; ")}`);
}
