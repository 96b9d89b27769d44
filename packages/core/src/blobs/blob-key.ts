import { BLOB_KEY } from "../contract/blob-store.ts";
import { DispatchError } from "../errors.ts";

/** Answers the key. Throws `INPUT_INVALID` for what core cannot have chosen: nothing else ever becomes a part of a path. */
export function checkKey(key: string): string {
  if (typeof key !== "string" || !BLOB_KEY.test(key)) {
    throw new DispatchError(
      "INPUT_INVALID",
      `${JSON.stringify(key)} is no key of a blob: it has 32 hexadecimal digits`,
    );
  }
  return key;
}
