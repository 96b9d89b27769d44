import type { BodyCodec } from "./codec/body.ts";
import type { Clock, Profile } from "./contract/index.ts";
import type { Routes } from "./routes.ts";

export interface OutgoingOptions {
  readonly codec: BodyCodec;
  readonly clock: Clock;
  readonly routes: Routes;
  readonly queue: string;
  readonly profile: Profile;
}

/** Larger packs would save nothing: their bytes are the cost by then. */
const PACK_BYTES = 256 * 1_024;

/** What stands around the tasks of a pack: header, coordinator, key. */
const PACK_HEAD_BYTES = 2_048;

/** What all frames of a dispatcher are made with. */
export class Outgoing {
  readonly codec: BodyCodec;
  readonly clock: Clock;
  readonly routes: Routes;
  readonly queue: string;
  /** Does the broker refuse what it has had under an id before? */
  readonly dedupes: boolean;
  /** The most bytes of a pack, as its tasks estimate them; what is larger alone has a frame of its own. */
  readonly packBytes: number;

  constructor({ codec, clock, routes, queue, profile }: OutgoingOptions) {
    this.codec = codec;
    this.clock = clock;
    this.routes = routes;
    this.queue = queue;
    this.dedupes = profile.dedupeWindowMs > 0 || profile.dedupeLive;
    this.packBytes = Math.min(PACK_BYTES, codec.roomBytes - PACK_HEAD_BYTES);
  }
}
