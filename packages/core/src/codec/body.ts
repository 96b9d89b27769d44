import type { Random } from "../backoff.ts";
import type { BlobStore } from "../contract/blob-store.ts";
import type { BadFrame, Clock, Frame, Profile } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { chain, type Eventual } from "../eventual.ts";
import type { Until } from "../retrying.ts";
import { type Wire, wireOf } from "../wire.ts";
import { BlobDoor } from "./blob-door.ts";
import { blobOf, CLAIM_CODEC, checkBlob, claimFor, readClaim } from "./claim.ts";
import { type Compression, compressions } from "./compression.ts";
import { fold, unfold } from "./folding.ts";
import { shortText } from "./frame.ts";
import { bodyLimits, JSON_CODEC, PLAIN_CODECS, parseJson, parseText, wrapping } from "./json.ts";
import { stepsOf } from "./steps.ts";
import { Turn } from "./turn.ts";

/** How bodies are compressed; all are read, whatever is written. */
export type Compress = Compression["name"] | "off";

const bodyDefaults = Object.freeze({
  compressAboveBytes: 1_024,
  /** The longest that SQS keeps a message; a delay is added to it. */
  blobExpiryMs: 14 * 86_400_000,
});

export interface BodyCodecOptions {
  readonly profile: {
    readonly wire: Profile["wire"];
    readonly reach: Profile["reach"];
    readonly limits: { readonly frameBytes: number };
  };
  readonly clock: Clock;
  readonly random: Random;
  /** Default gzip; off where no network is reached: there only time would be spent, and none saved. */
  readonly compress?: Compress | undefined;
  /** Shorter bodies stay as they are; default 1 KiB. */
  readonly compressAboveBytes?: number | undefined;
  /** Where bodies go that no frame can hold; absent: they are `TOO_LARGE`. */
  readonly blobs?: BlobStore | undefined;
  /** How long a blob is kept that nobody removes, beyond its task's delay; default 14 days. */
  readonly blobExpiryMs?: number | undefined;
}

/** A body as it stands in a frame, and what was done to it, in order. A text is written as UTF-8. */
export interface Encoded {
  readonly codecs: readonly number[];
  readonly body: string | Uint8Array;
}

export interface EncodeOptions {
  /** How long its task waits before it can be run: so much longer a blob is kept. */
  readonly delayMs?: number | undefined;
  /** How long a blob store is tried; default 30 s. */
  readonly until?: Until | undefined;
  /** May it go into the blob store? Default true. */
  readonly claim?: boolean | undefined;
}

export type Decoded = { readonly value: unknown } | BadFrame;
export type Payloads = { readonly values: readonly unknown[] } | BadFrame;

/**
 * So much a frame may grow on its way, for its name of origin, its due time and a short reason of death: it stays clear of the limit by that, so that no
 * frame can be sent that cannot be retried or buried.
 */
const GROWTH_BYTES = 1_024;

/** Room for what stands around a body of results: header, extension, and the worker's name. */
export const FRAME_HEAD_BYTES = 1_024;

const NO_OPTIONS: EncodeOptions = Object.freeze({});

/**
 * What is done to bodies on their way into frames and out of them: JSON, compression, claim check. Small ones at once and without a promise; large ones on
 * zlib's threads; what lies in a blob store when that answers.
 */
export class BodyCodec {
  /** The largest head and body, uncompressed, that one frame surely holds. Groups of results are cut to it. */
  readonly roomBytes: number;
  /** The largest head and body that surely travel, if need be by claim check. */
  readonly mostBytes: number;
  readonly #wire: Wire;
  readonly #frameBytes: number;
  readonly #growthBytes: number;
  readonly #compression: Compression | undefined;
  readonly #compressAboveBytes: number;
  readonly #blobExpiryMs: number;
  readonly #blobs: BlobDoor | undefined;
  readonly #clock: Clock;
  readonly #turn: Turn;

  constructor(options: BodyCodecOptions) {
    const { profile, clock, random, blobs } = options;
    const { frameBytes } = profile.limits;
    const compress = options.compress ?? (profile.reach === "process" ? "off" : "gzip");
    this.#wire = wireOf(profile);
    this.#frameBytes = frameBytes;
    this.#growthBytes = Math.min(GROWTH_BYTES, Math.floor(frameBytes / 8));
    this.#compression = compress === "off" ? undefined : compressions[compress];
    this.#compressAboveBytes = options.compressAboveBytes ?? bodyDefaults.compressAboveBytes;
    this.#blobExpiryMs = options.blobExpiryMs ?? bodyDefaults.blobExpiryMs;
    this.#blobs = blobs === undefined ? undefined : new BlobDoor({ store: blobs, clock, random });
    this.#clock = clock;
    this.#turn = new Turn(clock);
    this.roomBytes = Math.min(this.#wire.room(frameBytes) - this.#growthBytes, bodyLimits.decodedBytes);
    this.mostBytes = blobs === undefined ? this.roomBytes : bodyLimits.decodedBytes;
  }

  /** Does a frame of so many bytes get through the door, whatever it still goes through? */
  fits(frameBytes: number): boolean {
    return this.#wire.size(frameBytes + this.#growthBytes) <= this.#frameBytes;
  }

  /** As above, of a frame that does not change any more. */
  fitsAsIs(frameBytes: number): boolean {
    return this.#wire.size(frameBytes) <= this.#frameBytes;
  }

  /** Is it so short, as most are, that nothing is done to it? A character has at most three bytes, so such a text need not be measured. */
  travelsAsIs(json: string, headBytes: number): boolean {
    const most = json.length * 3;
    return most <= this.#compressAboveBytes && this.fits(headBytes + most);
  }

  /**
   * JSON as the body of a frame whose header and extension are `headBytes` long. Throws, or rejects with, `TOO_LARGE` where no frame can hold it and there
   * is no blob store; rejects with `UNAVAILABLE` or `TIMED_OUT` where the store does not take it in its time.
   */
  encodeBody(json: string, headBytes: number, options: EncodeOptions = NO_OPTIONS): Eventual<Encoded> {
    if (this.travelsAsIs(json, headBytes)) return { codecs: PLAIN_CODECS, body: json };
    const bytes = Buffer.byteLength(json);
    const compression = this.#compression;
    if (compression === undefined || bytes <= this.#compressAboveBytes) {
      if (this.fits(headBytes + bytes)) return { codecs: PLAIN_CODECS, body: json };
      return this.#claimed(PLAIN_CODECS, Buffer.from(json), headBytes, options);
    }
    const plain = Buffer.from(json);
    return chain(fold(compression, plain, this.#turn), (folded) => {
      const codecs = folded === undefined ? PLAIN_CODECS : [JSON_CODEC, compression.codec];
      const body = folded ?? plain;
      return this.fits(headBytes + body.length) ? { codecs, body } : this.#claimed(codecs, body, headBytes, options);
    });
  }

  /**
   * What the body of a frame holds, or why it is refused: `FRAME_INVALID`, `CODEC_UNKNOWN` or `BLOB_MISSING`. Never throws; rejects only with a
   * DispatchError, where the blob store does not answer in its time: then it is not known whether the blob is there, and nothing is lost yet.
   */
  decodeBody(frame: Pick<Frame, "body" | "codecs">, wrapped: number, until?: Until): Eventual<Decoded> {
    const { codecs } = frame;
    if (codecs === PLAIN_CODECS || (codecs.length === 1 && codecs[0] === JSON_CODEC)) {
      const text = shortText(frame);
      return text === undefined ? parseJson(frame.body, wrapped) : parseText(text, wrapped);
    }
    return this.#unfolded(frame.body, codecs, wrapped, until);
  }

  #unfolded(body: Uint8Array, codecs: readonly number[], wrapped: number, until: Until | undefined): Eventual<Decoded> {
    const steps = stepsOf(codecs);
    if ("bad" in steps) return steps;
    const { compression } = steps;
    const folded = steps.claimed ? this.#fetched(body, until) : body;
    return chain<Uint8Array | BadFrame, Decoded>(folded, (bytes) => {
      if ("bad" in bytes) return bytes;
      if (compression === undefined) return parseJson(bytes, wrapped);
      return chain<Uint8Array | BadFrame, Decoded>(unfold(compression, bytes, this.#turn), (plain) =>
        "bad" in plain ? plain : parseJson(plain, wrapped),
      );
    });
  }

  /** The payloads of a frame, one for each of its tasks. As `decodeBody`. */
  payloads(frame: Pick<Frame, "body" | "codecs" | "count">, until?: Until): Eventual<Payloads> {
    const body = this.decodeBody(frame, wrapping.task, until);
    return body instanceof Promise ? payloadsLater(body, frame.count) : payloadsOf(body, frame.count);
  }

  /** For whoever ended a frame for good: its blob, if it has one, is not needed any more. Never throws; what stays behind expires. */
  removeBlob(frame: Pick<Frame, "body" | "codecs">): Promise<void> | undefined {
    const key = this.#blobs === undefined ? undefined : blobOf(frame);
    return key === undefined ? undefined : this.#blobs?.remove(key);
  }

  #claimed(codecs: readonly number[], bytes: Uint8Array, headBytes: number, options: EncodeOptions): Promise<Encoded> {
    const blobs = options.claim === false ? undefined : this.#blobs;
    if (blobs === undefined) throw this.#tooLarge(headBytes + bytes.length);
    return this.#put(blobs, codecs, bytes, headBytes, options);
  }

  async #put(
    blobs: BlobDoor,
    codecs: readonly number[],
    bytes: Uint8Array,
    headBytes: number,
    { delayMs = 0, until }: EncodeOptions,
  ): Promise<Encoded> {
    const claim = await claimFor(bytes, this.#clock);
    const body = JSON.stringify(claim);
    // Before anything is stored for it.
    if (!this.fits(headBytes + body.length)) throw this.#tooLarge(headBytes + body.length);
    const expiresAfterMs = Math.min(this.#blobExpiryMs + delayMs, Number.MAX_SAFE_INTEGER);
    await blobs.put(claim.key, bytes, expiresAfterMs, until);
    return { codecs: [...codecs, CLAIM_CODEC], body };
  }

  async #fetched(body: Uint8Array, until: Until | undefined): Promise<Uint8Array | BadFrame> {
    const claim = readClaim(body);
    if ("bad" in claim) return claim;
    if (this.#blobs === undefined) return { bad: "CODEC_UNKNOWN", detail: "a claim check, and there is no blob store" };
    return checkBlob(await this.#blobs.get(claim.key, until), claim, this.#clock);
  }

  #tooLarge(frameBytes: number): DispatchError {
    const bytes = this.#wire.size(frameBytes);
    const limit = `the broker takes ${this.#frameBytes}, less ${this.#growthBytes} by which it may grow on its way`;
    return new DispatchError("TOO_LARGE", `a frame of ${bytes} bytes, ${limit}`);
  }
}

function payloadsOf(body: Decoded, count: number): Payloads {
  if ("bad" in body) return body;
  if (!Array.isArray(body.value) || body.value.length !== count)
    return { bad: "FRAME_INVALID", detail: "not one payload a task" };
  return { values: body.value as readonly unknown[] };
}

async function payloadsLater(body: Promise<Decoded>, count: number): Promise<Payloads> {
  return payloadsOf(await body, count);
}
