import type { SchemaResult, StandardSchema } from "../contract/index.ts";
import { printed } from "../errors.ts";
import { type Eventual, isThenable } from "../eventual.ts";

/** What a schema said: the value that comes out, or what is wrong, in one sentence. */
export type Checked = { readonly value: unknown } | { readonly wrong: string };

/** Puts a value through a schema. Never throws and never rejects: a schema that fails itself, or answers what cannot be read, says that the value is wrong. */
export function check(schema: StandardSchema, value: unknown): Eventual<Checked> {
  try {
    const result = schema["~standard"].validate(value);
    if (!isThenable(result)) return read(result);
    return Promise.resolve(result).then(read).catch((error: unknown) => ({ wrong: printed(error) })); // biome-ignore format: one line
  } catch (error) {
    return { wrong: printed(error) };
  }
}

const MOST_ISSUES = 5;

function read(result: SchemaResult<unknown>): Checked {
  if (result.issues === undefined) return { value: result.value };
  const { issues } = result;
  const said = issues.slice(0, MOST_ISSUES).map(({ path, message }) => {
    const place = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return place === "" ? message : `${place}: ${message}`;
  });
  const more = issues.length > MOST_ISSUES ? `; and ${issues.length - MOST_ISSUES} more` : "";
  return { wrong: `${said.join("; ")}${more}` };
}
