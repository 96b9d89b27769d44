import { resolve } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { codes, defaults } from "./index.ts";

// The public API, as a text. A change of it is a change for users: look at it, then `vitest run packages/core/src/api.test.ts -u`, and add a changeset.

const entries = {
  "@org/dispatch-core/contract": "contract/index.ts",
  "@org/dispatch-core": "index.ts",
  "@org/dispatch-core/memory": "memory/index.ts",
  "@org/dispatch-core/blobs": "blobs/index.ts",
  "@org/dispatch-core/adapter-kit": "adapter-kit/index.ts",
};
const fileOf = (entry: string) => resolve(import.meta.dirname, entry);

/** What each entry exports: its kind, and, where it is met first, the members of what has members. */
function exported(): string[] {
  const program = ts.createProgram(Object.values(entries).map(fileOf), {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const met = new Set<ts.Symbol>();
  return Object.entries(entries).flatMap(([name, entry]) => {
    const source = program.getSourceFile(fileOf(entry));
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} is no module`);
    const symbols = checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1));
    return [`# ${name}`, ...symbols.flatMap((symbol) => described(checker, symbol, met)), ""];
  });
}

function described(checker: ts.TypeChecker, alias: ts.Symbol, met: Set<ts.Symbol>): string[] {
  const symbol = alias.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(alias) : alias;
  const lines = [`${kindOf(symbol)} ${alias.name}`];
  if (met.has(symbol)) return lines;
  met.add(symbol);
  if (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) {
    if (symbol.flags & ts.SymbolFlags.Class)
      lines.push(...membersOf(checker, checker.getTypeOfSymbol(symbol), "static "));
    lines.push(...membersOf(checker, checker.getDeclaredTypeOfSymbol(symbol), ""));
  }
  return lines;
}

const kinds: readonly (readonly [ts.SymbolFlags, string])[] = [
  [ts.SymbolFlags.Class, "class"],
  [ts.SymbolFlags.Interface, "interface"],
  [ts.SymbolFlags.TypeAlias, "type"],
  [ts.SymbolFlags.Function, "function"],
  [ts.SymbolFlags.Variable, "const"],
];

function kindOf(symbol: ts.Symbol): string {
  const kind = kinds.find(([flag]) => symbol.flags & flag);
  if (kind === undefined) throw new Error(`${symbol.name} is of a kind that this test does not know`);
  return kind[1];
}

/** What a class or interface says itself: what it has from Error, or keeps private, is not listed. */
function membersOf(checker: ts.TypeChecker, type: ts.Type, prefix: string): string[] {
  const lines: string[] = [];
  for (const member of checker.getPropertiesOfType(type)) {
    const declaration = member.declarations?.[0];
    if (declaration === undefined || member.name === "prototype") continue;
    if (declaration.getSourceFile().fileName.includes("node_modules")) continue;
    const own = ts.getNameOfDeclaration(declaration);
    if (own !== undefined && ts.isPrivateIdentifier(own)) continue;
    const name = own !== undefined && ts.isComputedPropertyName(own) ? own.getText() : member.name;
    const optional = member.flags & ts.SymbolFlags.Optional ? "?" : "";
    const called = member.flags & ts.SymbolFlags.Method ? "()" : "";
    lines.push(`  ${prefix}${name}${optional}${called}`);
  }
  return lines.sort();
}

it("the public API is what was promised", { timeout: 60_000 }, async () => {
  const shape = JSON.stringify(defaults, null, 2).split("\n");
  const lines = [...exported(), "# defaults", ...shape, "", "# codes", ...Object.keys(codes), ""];
  await expect(lines.join("\n")).toMatchFileSnapshot("api.txt");
});
