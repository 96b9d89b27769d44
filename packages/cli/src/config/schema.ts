import type { Schema } from "./kinds.ts";
import type { OptionKey, PythonKey } from "./option-key.ts";
import { optionKeys } from "./option-keys.ts";
import { pythonKeys } from "./python-keys.ts";
import { CONNECTION, SCHEMA_KEY } from "./spots.ts";

/** Where the schema lies, from the package's own folder. */
export const SCHEMA_PATH = "schema/config.schema.json";

const FILLED: Schema = { type: "string", pattern: "\\$\\{" };

/**
 * The JSON Schema (draft 2020-12) of a configuration file, from the tables of keys. It cannot tell what depends on the backend, on other keys or on the
 * environment: `dispatch config check` does.
 */
export function configSchema(): Schema {
  const keys = keySchemas();
  const properties = Object.fromEntries(Object.keys(keys).map((key) => [key, { $ref: `#/$defs/${key}` }]));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of dispatch",
    description: `Every key may stand at the top level or under ${CONNECTION}. Texts take \${NAME} and \${NAME:-default} from the environment.`,
    type: "object",
    properties: {
      [SCHEMA_KEY]: { type: "string" },
      [CONNECTION]: { type: ["object", "null"], properties, additionalProperties: false },
      ...properties,
    },
    additionalProperties: false,
    $defs: keys,
  };
}

/** As it is published: lists of single values on one line, as the formatter of this tree has them. */
export function schemaText(): string {
  const text = JSON.stringify(configSchema(), null, 2);
  return `${text.replace(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_, items: string) => `[${items.replace(/\n\s+/g, " ")}]`)}\n`;
}

/** Of each key, a group as one. */
function keySchemas(): Record<string, Schema> {
  const schemas: Record<string, Schema> = {};
  for (const option of optionKeys) {
    const [group, inner] = option.key.split(".");
    const schema = { description: optionText(option), ...defaultOf(option), ...valueSchema([option.kind.schema]) };
    if (group === undefined || inner === undefined) schemas[option.key] = schema;
    else schemas[group] = grouped(schemas[group], inner, schema);
  }
  for (const [key, meanings] of Map.groupBy(pythonKeys, ({ key }) => key)) {
    const kinds = new Map(meanings.map(({ kind }) => [JSON.stringify(kind.schema), kind.schema]));
    schemas[key] = { description: meanings.map(pythonText).join(" "), ...valueSchema([...kinds.values()]) };
  }
  return schemas;
}

function grouped(before: Schema | undefined, inner: string, schema: Schema): Schema {
  return {
    type: ["object", "null"],
    properties: { ...(before?.properties as Schema | undefined), [inner]: schema },
    additionalProperties: false,
  };
}

/** Null is as good as absent, and any value may come from the environment. */
function valueSchema(schemas: readonly Schema[]): Schema {
  return { anyOf: [...schemas, FILLED, { type: "null" }] };
}

function defaultOf({ default: value }: OptionKey): Schema {
  return value === undefined ? {} : { default: value };
}

function optionText({ about, backends, otherwise, default: value }: OptionKey): string {
  const end = /[?.!]$/.test(about) ? "" : ".";
  const held = value === undefined && otherwise !== undefined ? ` Default: ${otherwise}.` : "";
  return `${about}${end}${held}${backendsText(backends)}`;
}

function pythonText({ about, backends, to }: PythonKey): string {
  return `As ${Object.keys(to).join(" and ")}${about === "" ? "" : ` (${about})`}.${backendsText(backends)}`;
}

function backendsText(backends: readonly string[] | undefined): string {
  return backends === undefined ? "" : ` For ${backends.join(", ")}.`;
}
