import assert from "node:assert/strict";
import type { VirtualClock } from "../clock.ts";
import type { BlobStore } from "../contract/blob-store.ts";

// The suite of the extension point, as data: each store runs it in its own tests. Not a part of the package.

export const KEY = "00112233445566778899aabbccddeeff";
export const OTHER = "ff112233445566778899aabbccddeeff";
export const never: AbortSignal = new AbortController().signal;
const HOUR_MS = 3_600_000;

/** An empty store, on a clock that the case moves. */
export interface BlobWorld {
  readonly store: BlobStore;
  readonly clock: VirtualClock;
}

export interface BlobCase {
  readonly name: string;
  run(world: BlobWorld): Promise<void>;
}

/** The key of a number. */
export function keyOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

function put(store: BlobStore, key: string, bytes: Uint8Array, expiresAfterMs = HOUR_MS): Promise<void> {
  return store.put(key, bytes, { expiresAfterMs }, never);
}

async function holds(store: BlobStore, key: string, bytes: Uint8Array): Promise<void> {
  const got = await store.get(key, never);
  assert.ok(got instanceof Uint8Array, "the blob is gone");
  assert.ok(Buffer.from(bytes).equals(got), `${got.length} bytes that are not those that were put`);
}

async function isGone(store: BlobStore, key: string): Promise<void> {
  assert.equal(await store.get(key, never), undefined);
}

const contents: readonly (readonly [string, Uint8Array])[] = [
  ["nothing", Buffer.alloc(0)],
  ["all bytes", Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ["4 MiB", Buffer.alloc(4 * 1024 * 1024, "abc")],
];

/** What core can never have chosen. */
const notKeys: readonly unknown[] = [
  "",
  "x",
  "../../etc/passwd",
  "../../../../../../../etc/passwd0",
  "/tmp/0123456789abcdef01234567890",
  KEY.toUpperCase(),
  `${KEY}\n`,
  `${KEY}\0`,
  `${KEY}0`,
  KEY.slice(1),
  [KEY],
  undefined,
];

/** What every blob store does. */
export const blobCases: readonly BlobCase[] = [
  ...contents.map(([what, bytes]) => ({
    name: `gives back what was put: ${what}`,
    async run({ store }: BlobWorld) {
      await put(store, KEY, bytes);
      await holds(store, KEY, bytes);
    },
  })),
  {
    name: "keeps what it was given, whatever becomes of the caller's memory",
    async run({ store }) {
      const bytes = Buffer.from("abc");
      await put(store, KEY, bytes);
      bytes.fill(0);
      await holds(store, KEY, Buffer.from("abc"));
    },
  },
  {
    name: "answers undefined for what is not there",
    async run({ store }) {
      await isGone(store, KEY);
      await put(store, OTHER, Buffer.from("x"));
      await isGone(store, KEY);
    },
  },
  {
    name: "removes, also what is not there, and twice at once",
    async run({ store }) {
      await put(store, KEY, Buffer.from("x"));
      await put(store, OTHER, Buffer.from("y"));
      await Promise.all([store.remove(KEY, never), store.remove(KEY, never)]);
      await store.remove(KEY, never);
      await isGone(store, KEY);
      await holds(store, OTHER, Buffer.from("y"));
    },
  },
  {
    name: "takes the same again under its key, from many at once",
    async run({ store }) {
      const bytes = Buffer.alloc(100_000, "same");
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          await put(store, KEY, bytes);
          await holds(store, KEY, bytes);
        }),
      );
    },
  },
  {
    name: "forgets a blob when its time is over, not before, each at its own",
    async run({ store, clock }) {
      await put(store, KEY, Buffer.from("x"), 1_000);
      await put(store, OTHER, Buffer.from("y"), 2_000);
      await clock.advance(999);
      await holds(store, KEY, Buffer.from("x"));
      await clock.advance(1);
      await isGone(store, KEY);
      await holds(store, OTHER, Buffer.from("y"));
    },
  },
  ...notKeys.map((key) => ({
    name: `refuses a key that core cannot have chosen: ${JSON.stringify(key)}`,
    async run({ store }: BlobWorld) {
      const refused = { name: "DispatchError", code: "INPUT_INVALID" };
      await assert.rejects(put(store, key as string, Buffer.from("x")), refused);
      await assert.rejects(store.get(key as string, never), refused);
      await assert.rejects(store.remove(key as string, never), refused);
    },
  })),
];
