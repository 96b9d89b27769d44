import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf, misuse } from "./failure.ts";

/** A package that the user has installed, and the file that it was loaded from. */
export interface InstalledPackage {
  readonly module: unknown;
  readonly entry: string;
}

/**
 * Imports a package from where the user installed it: as seen from the first of these files that sees it. Throws CONFIG_INVALID where none does, and where
 * the package cannot be loaded.
 */
export async function importPackage(name: string, froms: readonly string[]): Promise<InstalledPackage> {
  for (const from of froms) {
    const entry = await entryOf(name, from);
    if (entry === undefined) continue;
    const module: unknown = await import(/* @vite-ignore */ pathToFileURL(entry).href).catch((error: unknown) => {
      throw misuse(`the package ${name} cannot be loaded: ${messageOf(error)}`, { cause: error });
    });
    return { module, entry };
  }
  throw misuse(`the package ${name} is not installed; install ${name}, then try again`);
}

/** The file that `import` would load; `require.resolve` would find the CommonJS one, and with it a second copy of core. */
async function entryOf(packageName: string, from: string): Promise<string | undefined> {
  for (const folder of foldersAbove(from)) {
    const root = join(folder, "node_modules", packageName);
    const text = await readFile(join(root, "package.json"), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const manifest = parsed(text, packageName);
    const target = importTarget(exportsOf(manifest)) ?? textAt(manifest, "main") ?? "index.js";
    return join(root, target);
  }
  return undefined;
}

function parsed(manifest: string, packageName: string): unknown {
  try {
    return JSON.parse(manifest);
  } catch (error) {
    const message = `the package ${packageName} cannot be loaded: its package.json: ${messageOf(error)}`;
    throw misuse(message, { cause: error });
  }
}

/** From the file's own folder up; as `import` does, this looks at no NODE_PATH. `file` is a path or a `file:` URL. */
function foldersAbove(file: string): string[] {
  const folders: string[] = [];
  let folder = dirname(file.startsWith("file:") ? fileURLToPath(file) : file);
  while (folder !== folders.at(-1)) {
    folders.push(folder);
    folder = dirname(folder);
  }
  return folders;
}

function exportsOf(manifest: unknown): unknown {
  const exports = fieldOf(manifest, "exports");
  return fieldOf(exports, ".") ?? exports;
}

/** Follows the conditions of a package's `exports` as `import` does. */
function importTarget(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  if (typeof target !== "object" || target === null) return undefined;
  for (const [condition, next] of Object.entries(target)) {
    if (!["node", "import", "default"].includes(condition)) continue;
    const found = importTarget(next);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function textAt(value: unknown, key: string): string | undefined {
  const found = fieldOf(value, key);
  return typeof found === "string" ? found : undefined;
}
