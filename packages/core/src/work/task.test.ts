import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { Result } from "../contract/index.ts";
import type { Dispatcher } from "../dispatcher.ts";

import { defineTask, type Task } from "./task.ts";

describe("defineTask", () => {
  const handler = () => 1;

  it("is what was given, frozen, under the name default", () => {
    const task = defineTask({ handler });
    expect(task).toEqual({ name: "default", handler, timeoutMs: undefined, maxAttempts: undefined });
    expect(Object.isFrozen(task)).toBe(true);
    expect(defineTask({ name: "mail", handler, timeoutMs: 5, maxAttempts: 1 })).toMatchObject({ timeoutMs: 5 });
  });

  it.each<[string, object]>([
    ["a name with a space", { name: "a b", handler }],
    ["an empty name", { name: "", handler }],
    ["a name that is no text", { name: 5, handler }],
    ["no handler", { name: "a" }],
    ["a handler that is no function", { handler: {} }],
    ["no time at all", { handler, timeoutMs: 0 }],
    ["a time that is no number", { handler, timeoutMs: "5" }],
    ["half an attempt", { handler, maxAttempts: 1.5 }],
    ["more attempts than a frame can count", { handler, maxAttempts: 65_536 }],
    ["an attempt without end", { handler, maxAttempts: Number.POSITIVE_INFINITY }],
  ])("refuses %s", (_, options) => {
    expect(() => defineTask(options as never)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});

describe("what the compiler knows of a task", () => {
  const sized = z.string().transform((text) => text.length);
  const render = defineTask({ name: "render", handler: async (page: { url: string }) => page.url.length });

  it("is what its handler takes and returns", () => {
    expectTypeOf(render).toEqualTypeOf<Task<{ url: string }, number>>();
    expectTypeOf(defineTask({ handler: () => {} })).toEqualTypeOf<Task<unknown, void>>();
    expectTypeOf(defineTask({ handler: (n: number): string | number => n })).toEqualTypeOf<
      Task<number, string | number>
    >();
    expectTypeOf(defineTask<string, number>({ handler: (text) => text.length })).toEqualTypeOf<Task<string, number>>();
    const said: Task<string, number> = defineTask({ handler: (text) => text.length });
    const all: Task[] = [render, said];
    expect(all).toHaveLength(2);
  });

  it("is what its schemas take and give, and its handler's where there is none", () => {
    expectTypeOf(defineTask({ input: sized, handler: (n) => [n] })).toEqualTypeOf<Task<string, number[]>>();
    expectTypeOf(defineTask({ output: sized, handler: (n: bigint) => `${n}` })).toEqualTypeOf<Task<bigint, number>>();
    const both = defineTask({ input: sized, output: sized, handler: (n) => `${n + 1}` });
    expectTypeOf(both).toEqualTypeOf<Task<string, number>>();
  });

  it("refuses what is no input of it", () => {
    const compiled = ({ run, send }: Dispatcher) => {
      expectTypeOf(run(render, [{ url: "a" }]).results()).toEqualTypeOf<Promise<Result<number>[]>>();
      // @ts-expect-error a key that is none
      run(render, [{ uri: "a" }]);
      // @ts-expect-error one of them is no page
      run(render, [{ url: "a" }, 5]);
      // @ts-expect-error nor is this
      run(render, [{ url: "a" }, null]);
      // @ts-expect-error the same of what nobody waits for
      send(render, { uri: "a" });
      // @ts-expect-error the handler takes no text
      defineTask({ input: z.string(), handler: (n: number) => n });
      // @ts-expect-error the handler does not give what its schema takes
      defineTask({ output: z.string(), handler: () => 5 });
    };
    expect(compiled).toBeTypeOf("function");
  });
});
