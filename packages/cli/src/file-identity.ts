import { type BigIntStats, fstatSync } from "node:fs";

/** Which file it is, by whatever name it was opened: its device, and its number there. */
export type FileIdentity = Pick<BigIntStats, "dev" | "ino">;

/** The file behind a descriptor; undefined where there is none. */
export function identityOf(fd: number | undefined): FileIdentity | undefined {
  return fd === undefined ? undefined : fstatSync(fd, { bigint: true });
}

/** Are both one file? Links and other names of it count. */
export function isSameFile(one: FileIdentity, other: FileIdentity | undefined): boolean {
  return one.dev === other?.dev && one.ino === other.ino;
}
