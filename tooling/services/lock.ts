/** One at a time, over all processes. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { until } from "./waiting.ts";

/** A first start may have to download. */
const WAIT_MS = 15 * 60_000;

/**
 * Runs `work` while no other holder of `file` does. The lock is SQLite's on its file: the system takes it away when its process ends, however it ends,
 * so there is no stale one to be judged; and programs that are started meanwhile do not inherit it.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    if (!(await until(() => tryLock(database), WAIT_MS, 50))) throw new Error(`another process holds ${file}`);
    return await work();
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Error && /locked|busy/.test(error.message)) return false;
    throw error;
  }
}
