/** The pages of docs/runbook, read. */
import { readdir, readFile } from "node:fs/promises";
import { root } from "../tree.ts";

const folder = `${root}/docs/runbook`;
const INDEX = "README.md";
const BASE = "https://github.com/org/dispatch/blob/main/docs/runbook";

export interface Runbook {
  readonly file: string;
  /** Its first line: the alert. */
  readonly title: string;
  readonly text: string;
  /** The sentence that says so, from its first word on. */
  readonly firesWhen: string;
  readonly url: string;
  /** Headings of the second level with what stands below, in order. */
  readonly sections: readonly (readonly [heading: string, body: string])[];
  /** `board: panel` of each that it names. */
  readonly panels: readonly string[];
}

export async function readRunbooks(): Promise<Runbook[]> {
  const files = (await readdir(folder)).filter((name) => name !== INDEX).sort();
  return Promise.all(files.map(async (file) => readPage(file, await readFile(`${folder}/${file}`, "utf8"))));
}

export function readIndex(): Promise<string> {
  return readFile(`${folder}/${INDEX}`, "utf8");
}

function readPage(file: string, text: string): Runbook {
  const [head = "", ...parts] = text.split(/^## /m);
  const sections = parts.map((part) => {
    const end = part.indexOf("\n");
    return [part.slice(0, end), part.slice(end).trim()] as const;
  });
  const boards = [...head.matchAll(/\[(\w+)\]\([^)]+\): ([^·]+?)(?= ·|\.\n)/g)];
  const panels = boards.flatMap(([, board, names = ""]) => names.split(", ").map((name) => `${board}: ${name}`));
  const [, first = "", rest = ""] = /Fires when,? (.)(.+)$/m.exec(head) ?? [];
  const firesWhen = `${first.toUpperCase()}${rest}`;
  return { firesWhen, file, title: /^# (.+)$/m.exec(head)?.[1] ?? "", text, url: `${BASE}/${file}`, sections, panels };
}

/** Lines of the shell in a text of Markdown, continued ones joined. */
export function commandsIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  const spans = [...markdown.matchAll(/`(dispatch [a-z][^`]*)`/g)].map(([, span = ""]) => span);
  return [...blocks.flatMap((block) => block.replaceAll("\\\n", " ").split("\n")), ...spans].filter((line) => line.trim() !== ""); // biome-ignore format: one line
}

/** The words of a command up to the first pipe, without their quotes. */
export function wordsOf(command: string): string[] {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  const pipe = words.indexOf("|");
  return pipe === -1 ? words : words.slice(0, pipe);
}
