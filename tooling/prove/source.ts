/** Which state of the tree a figure is of. */
import { run } from "../command.ts";

export interface Source {
  readonly commit: string;
  /** Something was changed since. */
  readonly isDirty: boolean;
}

/** Throws what git says where this is no tree of its own. */
export async function readSource(): Promise<Source> {
  const { code, stdout, output } = await run(["git", "rev-parse", "HEAD"]);
  if (code !== 0) throw new Error(`no commit can be named: ${output.trim()}`);
  const status = await run(["git", "status", "--porcelain"]);
  return { commit: stdout.trim(), isDirty: status.code !== 0 || status.stdout !== "" };
}

export function sourceText({ commit, isDirty }: Source): string {
  return `${commit.slice(0, 12)}${isDirty ? " dirty" : ""}`;
}
