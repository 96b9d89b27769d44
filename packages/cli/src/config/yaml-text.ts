import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { type Document, type Entry, lineAt, MAX_DEPTH, SyntaxProblem } from "./document.ts";

/** How often a file may use `*name`: each is looked up in the whole document. */
const MAX_ALIASES = 100;

/** Its own codes in words: its messages quote the file, secrets included. */
const SENTENCES: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "an alias cannot have an anchor or a tag",
  BAD_ALIAS: "this is no name of an alias or an anchor",
  BAD_DIRECTIVE: "a directive is not known",
  BAD_DQ_ESCAPE: "a text in double quotes has a wrong escape",
  BAD_INDENT: "the indentation does not fit",
  BAD_SCALAR_START: "a text that begins like this needs quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "a second key on one line, or a list where a key is expected; a text with a colon needs quotes",
  DUPLICATE_KEY: "a key stands here for the second time",
  MISSING_CHAR: "a quote, a bracket, a colon or a space is missing",
  MULTILINE_IMPLICIT_KEY: "a key goes over several lines; a colon may be missing",
  MULTIPLE_DOCS: "the file holds more than one document",
  RESOURCE_EXHAUSTION: "the document is nested too deep",
  TAB_AS_INDENT: "the indentation has a tab, which YAML does not allow",
  TAG_RESOLVE_FAILED: 'a tag is not known; a text that begins with "!" needs quotes',
  UNEXPECTED_TOKEN: "something stands here that does not fit; a text with special characters needs quotes",
};

/** Reads YAML 1.2 (core schema). Throws `SyntaxProblem`. */
export function readYaml(text: string): Document {
  refuseDeep(text);
  // Its search for equal keys is quadratic; `sectionOf` has its own.
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false, logLevel: "error", version: "1.2" });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined)
    throw new SyntaxProblem(`YAML: ${SENTENCES[fault.code] ?? "this is no YAML"}`, lineAt(text, fault.pos[0]));
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return { root: new Map() };
  if (!isMap(contents)) throw new SyntaxProblem("the file is no map of keys and values", 1);
  let aliases = 0;

  const sectionOf = (map: YAMLMap, depth: number): Map<string, Entry> => {
    const section = new Map<string, Entry>();
    for (const pair of map.items) {
      const line = lineOf(pair);
      const key = isScalar(pair.key) ? keyOf(pair.key) : undefined;
      if (key === undefined) throw new SyntaxProblem("YAML: a key is no text", line);
      if (section.has(key))
        throw new SyntaxProblem(`the key ${JSON.stringify(key)} stands here for the second time`, line);
      section.set(key, { value: plainOf(pair.value, depth), line });
    }
    return section;
  };
  const listOf = (list: YAMLSeq, depth: number) => list.items.map((item) => plainOf(item, depth));
  const plainOf = (node: unknown, depth: number): unknown => {
    // A value so deep is wrong whatever it is, and a circle of aliases ends here.
    if (depth > 4) return undefined;
    if (isMap(node)) return sectionOf(node, depth + 1);
    if (isSeq(node)) return listOf(node, depth + 1);
    if (isScalar(node)) return node.value;
    if (!isAlias(node)) return node;
    aliases += 1;
    if (aliases > MAX_ALIASES)
      throw new SyntaxProblem(`YAML: more than ${MAX_ALIASES} aliases`, positionLine(node.range));
    const target = node.resolve(document);
    if (target !== undefined) return plainOf(target, depth);
    throw new SyntaxProblem(
      'YAML: an alias has no anchor; a text that begins with "*" needs quotes',
      positionLine(node.range),
    );
  };
  const lineOf = ({ key }: Pair): number | undefined => (isScalar(key) ? positionLine(key.range) : undefined);
  const positionLine = (range: readonly number[] | null | undefined) => lineAt(text, range?.[0] ?? 0);
  return { root: sectionOf(contents, 0) };
}

/** The library would go on until its stack is used up, which takes its time. Brackets within texts count too: so many of those are odd enough. */
function refuseDeep(text: string): void {
  const tooDeep = (position: number) => {
    throw new SyntaxProblem(`YAML: nested deeper than ${MAX_DEPTH}`, lineAt(text, position));
  };
  let depth = 0;
  for (const { 0: bracket, index } of text.matchAll(/[[{\]}]/g)) {
    depth = bracket === "[" || bracket === "{" ? depth + 1 : Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) tooDeep(index);
  }
  const chain = /(?:[-?:][ \t]+){65}/.exec(text);
  if (chain !== null) tooDeep(chain.index);
}

/** A key as it is written: `on`, `1` and `null` are texts here. */
function keyOf({ source, value }: Scalar): string | undefined {
  return typeof value === "string" ? value : source;
}
