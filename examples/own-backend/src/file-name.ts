import { randomUUID } from "node:crypto";
import type { Queue } from "@org/dispatch-core/contract";

/** What the name of a frame's file says; two files never have the same `unique`. */
export interface FileName {
  /** Not to be received before this, ms since 1970; 0: at once, also by somebody whose clock is a little behind. */
  readonly dueAt: number;
  /** 0 for the highest priority, 10 for the lowest. */
  readonly rank: number;
  readonly unique: string;
  /** How many leases of it have expired. */
  readonly losses: number;
}

/** The same while somebody holds it. */
export interface LeasedName extends FileName {
  /** Another one for each grant. */
  readonly grant: string;
  readonly endsAt: number;
}

let files = 0;

/** Sorted by it, files come about in the order of their sends. */
export function newUnique(now: number): string {
  files += 1;
  return `${digits(now)}-${String(files).padStart(10, "0")}-${randomUUID()}`;
}

export function newGrant(): string {
  return randomUUID();
}

/** As wide as milliseconds are until the year 33658, so that names sort as numbers do. */
const digits = (ms: number) => String(Math.ceil(ms)).padStart(15, "0");

export function readyName({ dueAt, rank, unique, losses }: FileName): string {
  return [digits(dueAt), rank, unique, losses].join(".");
}

export function leasedName(name: LeasedName): string {
  return [digits(name.endsAt), name.grant, readyName(name)].join(".");
}

export function parseReady(text: string): FileName {
  const [dueAt, rank, unique = "", losses] = text.split(".");
  return { dueAt: Number(dueAt), rank: Number(rank), unique, losses: Number(losses) };
}

export function parseLeased(text: string): LeasedName {
  const [endsAt, grant = "", ...rest] = text.split(".");
  return { ...parseReady(rest.join(".")), grant, endsAt: Number(endsAt) };
}

/** The folder of a queue: one that no other queue has, and that no file system refuses. */
export function folderOf({ role, name, of }: Queue): string {
  // The joint is a character that no encoded name holds: with a dash, `reply` `b` of `jobs-reply` would be `reply-b` of `jobs`.
  return `${role}=${encodeURIComponent(of)}=${encodeURIComponent(name)}`.replaceAll("*", "%2A");
}
