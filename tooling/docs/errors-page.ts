/** docs/errors.md, made from the table of codes, so that the two cannot differ. */
import type { codes } from "../../packages/core/dist/index.js";

/** Where the page lies, from the repository's own folder. */
export const errorsPath = "docs/errors.md";

/** The page as a text. */
export function errorsPage(table: typeof codes): string {
  const rows = Object.entries(table).map(
    ([code, { means, again }]) => `| \`${code}\` | ${means} | ${again ? "yes" : "no"} |`,
  );
  return `# Error codes

<!-- Made by \`./dev node tooling/docs/errors.ts\` from packages/core/src/errors.ts: change it there. -->

Every error that leaves the dispatcher is a \`DispatchError\` with one of these codes. The list is closed, and a code never changes its meaning; messages
may change at any time. A client's own error is the \`cause\`. The error of a result or a dead letter has a code of this list too; the code that a
handler's own error had is kept beside it, as \`cause\`.

| code | means | does core try a call again? |
|---|---|---|
${rows.join("\n")}

What core tries again, it tries within the deadline of the call, with back-off from 50 ms to 5 s, or as long as the broker advises. For a task, attempts
are counted apart: see \`maxAttempts\` in [options.md](options.md).
`;
}
