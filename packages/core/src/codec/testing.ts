import { systemClock } from "../clock.ts";
import type { BlobStore } from "../contract/blob-store.ts";
import type { Frame } from "../contract/index.ts";
import { BodyCodec, type BodyCodecOptions, type Decoded, type Payloads } from "./body.ts";
import { wrapping } from "./json.ts";
import type { NewTask } from "./maker.ts";

// What the tests of this folder share; not a part of the package.

export const RUN = "q83vASNFZ4k";

/** A broker far away that takes frames of `frameBytes`. */
export function profileOf(frameBytes = 1_000_000, wire: "bytes" | "ascii" = "bytes") {
  return { wire, reach: "network", limits: { frameBytes } } as const;
}

export function codecOf(options: Partial<BodyCodecOptions> = {}): BodyCodec {
  return new BodyCodec({ profile: profileOf(), clock: systemClock(), random: () => 0, ...options });
}

/** A task with nothing of its own. */
export function newTask(own: Partial<NewTask> = {}): NewTask {
  return {
    run: RUN,
    index: 7,
    task: "default",
    payload: null,
    coordinator: undefined,
    priority: 5,
    delayMs: 0,
    key: undefined,
    id: undefined,
    headers: undefined,
    deadlineAt: undefined,
    sentAt: 1_700_000_000_000,
    ...own,
  };
}

const reader = codecOf();

/** What a body holds that is read at once, as nearly all are. */
export function bodyOf(frame: Pick<Frame, "body" | "codecs">, wrapped: number = wrapping.reply): Decoded {
  return reader.decodeBody(frame, wrapped) as Decoded;
}

/** The payload of a frame of one task. */
export function payloadOf(frame: Frame): Decoded {
  const read = reader.payloads(frame) as Payloads;
  if ("bad" in read) return read;
  if (read.values.length !== 1) return { bad: "FRAME_INVALID", detail: "not one payload" };
  return { value: read.values[0] };
}

export interface Shelf extends BlobStore {
  readonly blobs: Map<string, Uint8Array>;
  readonly expiries: number[];
}

/** A blob store that shows what it holds. */
export function shelf(): Shelf {
  const blobs = new Map<string, Uint8Array>();
  const expiries: number[] = [];
  return {
    blobs,
    expiries,
    async put(key, bytes, { expiresAfterMs }) {
      blobs.set(key, Buffer.from(bytes));
      expiries.push(expiresAfterMs);
    },
    async get(key) {
      return blobs.get(key);
    },
    async remove(key) {
      blobs.delete(key);
    },
  };
}

/** Text that no codec makes shorter, the same each time. */
export function noise(characters: number): string {
  let state = 1;
  let text = "";
  while (text.length < characters) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // 94 printable characters, less the two that JSON escapes.
    const code = 33 + ((state >>> 8) % 94);
    if (code !== 34 && code !== 92) text += String.fromCharCode(code);
  }
  return text;
}
