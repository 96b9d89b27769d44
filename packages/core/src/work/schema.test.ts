import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { VirtualClock } from "../clock.ts";
import type { StandardSchema } from "../contract/index.ts";
import { Dispatcher } from "../dispatcher.ts";
import { memory } from "../memory/index.ts";
import { MemoryWorld } from "../testing/memory-world.ts";
import { Worker } from "../worker.ts";
import { check } from "./schema.ts";
import { defineTask, type Task } from "./task.ts";

const inZod = z.object({ url: z.string().min(1), tries: z.number().default(3) });
const inValibot = v.object({ url: v.pipe(v.string(), v.minLength(1)), tries: v.optional(v.number(), 3) });
const inArk = type({ url: "string > 0", tries: "number = 3" });

describe.each<[string, StandardSchema]>([
  ["zod", inZod],
  ["valibot", inValibot as StandardSchema],
  ["arktype", inArk as unknown as StandardSchema],
])("a schema of %s", (_, schema) => {
  it("hands on what comes out of it", async () => {
    expect(await check(schema, { url: "a" })).toEqual({ value: { url: "a", tries: 3 } });
  });

  it.each([{ url: "" }, { url: 5 }, {}, null, "text"])("says what is wrong with %j", async (value) => {
    const result = await check(schema, value);
    expect(result).toEqual({ wrong: expect.stringMatching(/\S{3}/) });
  });
});

describe("a schema that fails itself", () => {
  const schema = (validate: StandardSchema["~standard"]["validate"]): StandardSchema => ({
    "~standard": { version: 1, vendor: "test", validate },
  });
  const boom = () => {
    throw new Error("boom");
  };
  it.each<[string, StandardSchema]>([
    ["throws", schema(boom)],
    ["rejects", schema(async () => boom())],
  ])("%s: the value is wrong", async (_, failing) => {
    expect(await check(failing, 1)).toEqual({ wrong: "boom" });
  });

  const nullPart = { issues: [{ message: "no", path: [null as never] }] };
  it.each<[string, StandardSchema]>([
    ["nothing, at once", schema(() => undefined as never)],
    ["nothing, later", schema(async () => undefined as never)],
    ["a path that is none, at once", schema(() => nullPart)],
    ["a path that is none, later", schema(async () => nullPart)],
  ])("answers what cannot be read: the value is wrong, at both ends (%s)", async (_, failing) => {
    expect(await check(failing, 1)).toEqual({ wrong: expect.stringMatching(/\S{3}/) });
    const world = new MemoryWorld();
    const task = defineTask({ input: failing, handler: (n) => n });
    const dispatcher = await world.dispatcher();
    await world.worker([task]);
    const bad = ["dead INPUT_INVALID", "dead INPUT_INVALID"];
    expect(await world.outcomes(dispatcher.run(task, [1, 2]))).toEqual(bad);
    expect(await world.outcomes(dispatcher.run("default", [1, 2]))).toEqual(bad);
  });

  it("names five issues, and how many more there are", async () => {
    const issues = Array.from({ length: 7 }, (_, index) => ({ message: "bad", path: ["a", { key: index }] }));
    const result = await check(
      schema(() => ({ issues })),
      1,
    );
    expect(result).toEqual({ wrong: "a.0: bad; a.1: bad; a.2: bad; a.3: bad; a.4: bad; and 2 more" });
  });
});

describe("a typed task", () => {
  const fetchAll = defineTask({
    name: "fetch",
    input: inZod,
    output: z.object({ status: z.number() }),
    handler: async ({ url, tries }) => ({ status: url.length + tries, secret: "not promised" }),
  });

  it("infers what goes in, what its handler gets, and what comes out", () => {
    expectTypeOf(fetchAll).toEqualTypeOf<Task<{ url: string; tries?: number | undefined }, { status: number }>>();
    defineTask({
      input: inZod,
      handler: (payload) => expectTypeOf(payload).toEqualTypeOf<{ url: string; tries: number }>(),
    });
    defineTask({ handler: (n: number) => String(n) }) satisfies Task<number, string>;
  });

  it("is refused at the sender, one input at a time; its result is what the schema makes of it", async () => {
    const clock = new VirtualClock();
    const backend = memory();
    const worker = await Worker.start(backend, fetchAll, { clock });
    const dispatcher = await Dispatcher.open(backend, { clock });
    const results = dispatcher.run(fetchAll, [{ url: "ab" }, { url: "" }, { url: "abc", tries: 1 }]).results();
    await clock.advance(1_000);
    const read = (await results).sort((a, b) => a.index - b.index);
    expect(read.map(({ outcome, value, error }) => [outcome, value ?? error?.code])).toEqual([
      ["completed", { status: 5 }],
      ["dead", "INPUT_INVALID"],
      ["completed", { status: 4 }],
    ]);
    await expect(dispatcher.send(fetchAll, { url: "" })).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await Promise.all([dispatcher.close(), worker.stop(), clock.advance(1_000)]);
  });

  it("is dead at the worker, where the sender did not look; and a result that breaks its promise is not tried again", async () => {
    const clock = new VirtualClock();
    const backend = memory();
    const liar = defineTask({ name: "liar", output: z.number(), handler: () => "no number" as never });
    const worker = await Worker.start(backend, [fetchAll, liar], { clock });
    const dispatcher = await Dispatcher.open(backend, { clock });
    const unlooked = dispatcher.run("fetch", [{ url: 7 }]).results();
    const lying = dispatcher.run(liar, [1 as never]).results();
    await clock.advance(1_000);
    expect([...(await unlooked), ...(await lying)].map(({ error, attempts }) => [error?.code, attempts])).toEqual([
      ["INPUT_INVALID", 1],
      ["REJECTED", 1],
    ]);
    await Promise.all([dispatcher.close(), worker.stop(), clock.advance(1_000)]);
  });

  it("needs schemas that are some", () => {
    expect(() => defineTask({ input: {} as StandardSchema, handler: () => 1 })).toThrow(/input is no Standard Schema/);
  });
});
