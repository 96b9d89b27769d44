import { chain, type Eventual } from "../eventual.ts";
import type { BodyCodec, Encoded, EncodeOptions } from "./body.ts";
import { encodeExtension } from "./extension.ts";
import { type FrameParts, writeFrame } from "./frame.ts";
import { HEADER_BYTES } from "./header.ts";

/** A frame whose body goes through the codecs; its head is known before, so that what is too large is judged as a whole. Throws as `encodeBody` does. */
export function codedFrame(codec: BodyCodec, parts: FrameParts, options?: EncodeOptions): Eventual<Buffer> {
  const extension = encodeExtension(parts.extension);
  const encoded = codec.encodeBody(parts.body, HEADER_BYTES + extension.length, options);
  return chain(encoded, ({ codecs, body }: Encoded) => writeFrame(parts, extension, codecs, body));
}
