import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@org/dispatch-core";
import type { OutFrame, Queue } from "@org/dispatch-core/contract";
import { type Character, memory } from "@org/dispatch-core/memory";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../tooling/temporary-folder.ts";
import { type CapturedSurroundings, capturedSurroundings } from "./captured-surroundings.ts";
import { main } from "./main.ts";
import { type RunCommandOptions, runOn } from "./run-command.ts";
import { settledOptions } from "./settled-options.ts";
import { wrappedBackend } from "./wrapped-backend.ts";

const TASKS = 240;
const DELAY_MS = 300;

/** Says what it was given, when, and how many payloads lay in the folder of claim checks by then. */
const HANDLER = `import { createHash } from "node:crypto";
  import { readdirSync } from "node:fs";
  const blobs = () => readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes("large")).length;
  export default async ({ n, text }, { attempt, headers }) => ({
    n, attempt, atMs: performance.now(), tag: headers.tag, blobs: text.length > 100_000 ? blobs() : 0,
    digest: createHash("sha256").update(text).digest("hex") });`;

interface Input {
  readonly payload: { readonly n: number; readonly text: string };
  readonly priority: number;
  readonly id?: string;
  readonly delayMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Short ones and long ones that shrink, of all lanes, some delayed, some with an id or headers of their own; `large` stands in for two texts. */
function inputsOf(large: string): readonly Input[] {
  return Array.from({ length: TASKS }, (_, n) => {
    const text = n === 33 || n === 140 ? large : n % 12 === 5 ? `${n} `.repeat(2_000) : `text ${n}`;
    return {
      payload: { n, text },
      priority: [1, 5, 9][n % 3] as number,
      ...(n % 15 === 7 && { id: `id-${n}` }),
      ...(n % 10 === 4 && { delayMs: DELAY_MS }),
      ...(n % 8 === 0 && { headers: { tag: `t${n}` } }),
    };
  });
}

async function surroundings(inputs: readonly Input[], config: object): Promise<CapturedSurroundings> {
  const cwd = await temporaryFolder("dispatch-packs");
  await writeFile(join(cwd, "h.mjs"), HANDLER);
  await writeFile(join(cwd, "f.json"), JSON.stringify({ blobs: "large", concurrency: 20, ...config }));
  const stdin = inputs.map((input) => `${JSON.stringify(input)}\n`).join("");
  return capturedSurroundings({ cwd, stdin, clock: systemClock() });
}

const GIVEN = { config: "f.json", handler: "h.mjs", input: "-", output: "-", envelope: true, worker: true } as const;
const ARGV = ["run", "--config", "f.json", "--handler", "h.mjs", "--input", "-", "--envelope"];

interface Line {
  readonly index: number;
  readonly value: { readonly atMs: number; readonly blobs: number };
}

/** Every input has its one line, and each line says what its input says it must. */
function checkLines(around: CapturedSurroundings, inputs: readonly Input[], beganMs: number): readonly Line[] {
  const lines = around.outText().trimEnd().split("\n").map((text) => JSON.parse(text) as Line); // biome-ignore format: one line
  lines.sort((one, other) => one.index - other.index);
  expect(lines).toHaveLength(inputs.length);
  for (const [index, line] of lines.entries()) {
    const { payload, id, delayMs = 0, headers = {} } = inputs[index] as Input;
    expect(line).toEqual({
      ...{ index, id: expect.stringMatching(new RegExp(`^[\\w-]+/${index}$`)), ...(id && { ref: id }) },
      ...{ outcome: "completed", attempts: 1, lost: 0, durationMs: expect.any(Number) },
      value: {
        ...{ n: index, attempt: 1, atMs: expect.any(Number), blobs: expect.any(Number), ...headers },
        digest: createHash("sha256").update(payload.text).digest("hex"),
      },
    });
    expect(line.value.atMs).toBeGreaterThanOrEqual(beganMs + delayMs);
  }
  return lines;
}

/** The frames of each call to a work queue, and of the tiers, as they were sent first. */
async function framesOf(character: Character, inputs: readonly Input[], config: object) {
  const around = await surroundings(inputs, config);
  const inner = memory({ character });
  const frames: { readonly queue: Queue; readonly frame: OutFrame }[] = [];
  const backend = wrappedBackend(inner, {
    send: (queue, sent, signal) => {
      for (const frame of sent) if (frame.name.endsWith("#0.0~0")) frames.push({ queue, frame });
      return inner.send(queue, sent, signal);
    },
  });
  const beganMs = performance.now();
  const options = await settledOptions<typeof GIVEN, RunCommandOptions>(GIVEN, around);
  expect(await runOn(backend, options, around)).toBe(0);
  checkLines(around, inputs, beganMs);
  // As the command does within one process: a last poll is not waited for.
  void backend.close();
  return frames.filter(({ queue }) => queue.role === "work" || queue.role === "tier");
}

const tasksIn = ({ name }: OutFrame) => Number(/\+(\d+)#/.exec(name)?.[1] ?? 1);

describe.each<[Character, string]>([
  ["redis", "gzip"],
  ["sqs", "zstd"],
  ["rabbitmq", "gzip"],
  ["kafka", "brotli"],
])("on memory:%s", { timeout: 30_000 }, (character, compress) => {
  const { profile } = memory({ character });
  const { frameBytes } = profile.limits;
  const lanes = profile.priorityLevels === 0 ? 3 : 1;
  const backend = `memory:${character}`;

  test.each(["on", "off"])("lanes, delays, compression and claim checks, with --pack %s", async (pack) => {
    const inputs = inputsOf(randomBytes(2_250_000).toString("base64"));
    const around = await surroundings(inputs, { backend, compress });
    const beganMs = performance.now();
    expect(await main([...ARGV, "--pack", pack], around)).toBe(0);
    const lines = checkLines(around, inputs, beganMs);
    expect(around.errText()).toMatch(/^240 tasks in [^\n]*: completed 240, dead 0, expired 0, cancelled 0\n$/);
    const claimed = lines.filter(({ value }) => value.blobs > 0).map(({ index }) => index);
    // What is compressed fits where a frame may have 16 MiB.
    expect(claimed).toEqual(frameBytes > 3_000_000 ? [] : [33, 140]);
  });

  test("a claim check for what does not fit by a little", async () => {
    const inputs = inputsOf("x".repeat(frameBytes - 512));
    const around = await surroundings(inputs, { backend, compress: "off" });
    const beganMs = performance.now();
    expect(await main([...ARGV, "--pack", "on"], around)).toBe(0);
    const claimed = checkLines(around, inputs, beganMs).filter(({ value }) => value.blobs > 0);
    expect(claimed.map(({ index }) => index)).toEqual([33, 140]);
  });

  test("what is sent: packs of a lane and a delay each, compressed, unless they are off", async () => {
    const inputs = inputsOf("not large");
    const packed = await framesOf(character, inputs, { compress, compressAboveBytes: 200 });
    const single = await framesOf(character, inputs, { packs: false, compress, compressAboveBytes: 200 });
    const tasks = (frames: typeof packed) => frames.reduce((sum, { frame }) => sum + tasksIn(frame), 0);
    const bytes = (frames: typeof packed) => frames.reduce((sum, { frame }) => sum + frame.bytes.length, 0);
    expect([tasks(packed), tasks(single), single.length]).toEqual([TASKS, TASKS, TASKS]);
    expect(packed.length).toBeLessThan(TASKS / 2);
    expect(Math.max(...packed.map(({ frame }) => tasksIn(frame)))).toBeLessThanOrEqual(100);
    expect(bytes(packed)).toBeLessThan(bytes(single));
    const plain = Buffer.byteLength(JSON.stringify(inputs.map(({ payload }) => payload)));
    expect(bytes(packed)).toBeLessThan(plain / 2);
    for (const frames of [packed, single]) {
      const work = frames.filter(({ queue }) => queue.role === "work");
      const seen = new Set(work.map(({ queue, frame }) => `${queue.name} ${frame.priority}`));
      expect([...seen].sort()).toEqual(
        lanes === 1 ? ["normal 1", "normal 5", "normal 9"] : ["high 9", "low 1", "normal 5"],
      );
    }
  });
});
