import type { OutFrame, Profile } from "./contract/index.ts";

/** How frames pass the door to a backend: the last thing done to one that goes out, the first to one that comes in. */
export interface Wire {
  /** How many bytes a frame of so many bytes has on the wire. */
  size(frameBytes: number): number;
  /** The largest frame that has at most so many bytes on the wire. */
  room(wireBytes: number): number;
  toWire(frame: OutFrame): OutFrame;
  /** Never throws: what is no frame of ours comes back as it is, for whoever looks at it among the dead letters. */
  fromWire(bytes: Uint8Array): Uint8Array;
}

/** The wire of a profile: bytes as they are, or the whole frame as base64 for a broker that carries only text. */
export function wireOf(profile: Pick<Profile, "wire">): Wire {
  return profile.wire === "ascii" ? base64 : asIs;
}

const asIs: Wire = Object.freeze({
  size: (frameBytes: number) => frameBytes,
  room: (wireBytes: number) => wireBytes,
  toWire: (frame: OutFrame) => frame,
  fromWire: (bytes: Uint8Array) => bytes,
});

const base64: Wire = Object.freeze({
  size: (frameBytes: number) => Math.ceil(frameBytes / 3) * 4,
  room: (wireBytes: number) => Math.floor(wireBytes / 4) * 3,
  toWire: (frame: OutFrame) => new TextFrame(frame),
  fromWire(bytes: Uint8Array) {
    const text = latin1(bytes);
    const decoded = Buffer.from(text, "base64");
    // Node leaves out what is not base64 and stops at the first `=`: what is not the same again was some other text.
    return decoded.toString("base64") === text ? decoded : bytes;
  },
});

/** A frame as text; all that a broker may use natively stays as it was. */
class TextFrame implements OutFrame {
  readonly bytes: Buffer;
  readonly #frame: OutFrame;

  constructor(frame: OutFrame) {
    const { buffer, byteOffset, byteLength } = frame.bytes;
    this.bytes = Buffer.from(Buffer.from(buffer, byteOffset, byteLength).toString("base64"), "latin1");
    this.#frame = frame;
  }
  get name(): string {
    return this.#frame.name;
  }
  get id(): string {
    return this.#frame.id;
  }
  get first(): boolean {
    return this.#frame.first;
  }
  get priority(): number {
    return this.#frame.priority;
  }
  get delayMs(): number {
    return this.#frame.delayMs;
  }
  get key(): string | undefined {
    return this.#frame.key;
  }
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
