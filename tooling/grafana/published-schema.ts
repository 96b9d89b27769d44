/** JSON schemas, made of the types that Grafana publishes: its files are checked by these, and not by the code that wrote them. */
import { Ajv, type AnySchema, type ErrorObject } from "ajv";
import { createGenerator } from "ts-json-schema-generator";
import { root } from "../tree.ts";

/** Checks a value against a type of the package, by the file and the name; answers what is wrong, as `path: sentence`. */
export function schemaOf(file: string, type: string): (value: unknown) => string[] {
  const path = `${root}/node_modules/@grafana/grafana-foundation-sdk/dist/${file}/types.gen.d.ts`;
  const generator = createGenerator({
    path,
    type,
    skipTypeCheck: true,
    functions: "hide",
    additionalProperties: false,
  });
  const validate = new Ajv({ strict: false, allErrors: true }).compile(generator.createSchema(type) as AnySchema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []).map(sentenceOf));
}

function sentenceOf({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath}: ${message} ${JSON.stringify(params)}`;
}
