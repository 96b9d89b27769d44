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

/**
 * Runs when the memory is full, too, since all but a send leads to less. Without it Redis refuses the first write of a script if that may need memory.
 * https://redis.io/docs/latest/develop/programmability/lua-api/#script_flags
 */
const always = (lua: string): Script => script(`#!lua flags=allow-oom\n${lua}`);

export const scripts = {
  make: always(make),
  send: script(send),
  claim: always(claim),
  renew: always(renew),
  settle: always(settle),
  move: always(move),
  depth: script(depth),
  browse: script(browse),
  purge: always(purge),
  remove: script(remove),
  giveBack: always(giveBack),
  fields: script(fields),
  records: script(records),
  adopt: always(adopt),
} as const;
