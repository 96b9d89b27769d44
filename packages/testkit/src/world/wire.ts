import type { Profile } from "@org/dispatch-core/contract";

/** Any bytes as such a broker carries them: as core does, as base64 where only text may travel. */
export function wired({ wire }: Profile, bytes: Uint8Array): Uint8Array {
  return wire === "ascii" ? Buffer.from(Buffer.from(bytes).toString("base64")) : bytes;
}

/** The bytes that were wired. */
export function unwired({ wire }: Profile, bytes: Uint8Array): Buffer {
  return wire === "ascii" ? Buffer.from(Buffer.from(bytes).toString(), "base64") : Buffer.from(bytes);
}
