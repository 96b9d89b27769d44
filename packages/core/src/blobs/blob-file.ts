import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkKey } from "./blob-key.ts";

/** Two bytes that say what it is, six with the wall-clock ms at which it expires. In the file, not in its times: those are lost when a folder is copied. */
const HEAD_BYTES = 8;
const MAGIC = 0xd7b1;

/** What is being written; never read under this name. */
export const UNFINISHED = ".part";

/** Where the blob of a key lies: in one of 256 folders, so that none has too many. Throws for what is no key. */
export function pathOf(folder: string, key: string): string {
  checkKey(key);
  return join(folder, key.slice(0, 2), key);
}

/** Writes a file whole or not at all, whoever else writes it at the same time; durable when it resolves. */
export async function writeBlob(path: string, bytes: Uint8Array, expiresAt: number): Promise<void> {
  const shard = dirname(path);
  const part = `${path}.${randomBytes(6).toString("hex")}${UNFINISHED}`;
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(MAGIC, 0);
  head.writeUIntBE(Math.min(expiresAt, 0xffff_ffff_ffff), 2, 6);
  await mkdir(shard, { recursive: true });
  try {
    const file = await open(part, "wx");
    try {
      await file.writeFile(head);
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(shard);
}

/** What lies in the file, or `undefined` where there is none, it is no blob, or its time is over. */
export async function readBlob(path: string, wallMs: number): Promise<Uint8Array | undefined> {
  const file = await openedOrNone(path);
  if (file === undefined) return undefined;
  try {
    const all = await file.readFile();
    return expiryOf(all) > wallMs ? all.subarray(HEAD_BYTES) : undefined;
  } finally {
    await file.close();
  }
}

/** When the file expires (wall-clock ms); `undefined` where there is none any more. What is no blob has expired. */
export async function expiryAt(path: string): Promise<number | undefined> {
  const file = await openedOrNone(path);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return expiryOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function expiryOf(bytes: Buffer): number {
  return bytes.length >= HEAD_BYTES && bytes.readUInt16BE(0) === MAGIC ? bytes.readUIntBE(2, 6) : 0;
}

async function openedOrNone(path: string) {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The name, too, must outlive a crash of the machine. Some systems cannot, and do it by themselves. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch {
    // The bytes are safe; at worst the blob counts as missing.
  }
}
