import { createHash } from "node:crypto";
import { adopt, fields, records } from "./scripts/auditing.ts";
import { claim } from "./scripts/claiming.ts";
import { renew, settle } from "./scripts/holding.ts";
import { browse, depth, giveBack, purge, remove } from "./scripts/looking.ts";
import { move } from "./scripts/moving.ts";
import { make, send } from "./scripts/sending.ts";

/** A script and the name under which a server has it. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

const script = (lua: string): Script => ({ lua, sha: createHash("sha1").update(lua).digest("hex") });

export const scripts = {
  make: script(make),
  send: script(send),
  claim: script(claim),
  renew: script(renew),
  settle: script(settle),
  move: script(move),
  depth: script(depth),
  browse: script(browse),
  purge: script(purge),
  remove: script(remove),
  giveBack: script(giveBack),
  fields: script(fields),
  records: script(records),
  adopt: script(adopt),
} as const;
