import type { OptionKey, Part, PythonKey } from "./option-key.ts";
import { optionKeys } from "./option-keys.ts";
import { pythonKeys } from "./python-keys.ts";
import { MAX_FILE_BYTES } from "./source-file.ts";

/** Where the page lies, from the repository's own folder. */
export const PAGE_PATH = "docs/configuration.md";

const CHAPTERS: Readonly<Record<Part, string>> = {
  command: "For every command",
  tasks: "Tasks and their coordinator",
  worker: "Workers",
  run: "Runs",
  packs: "Packs, compression and large payloads",
  memory: "The memory backend",
  connection: "The brokers",
};

/** docs/configuration.md, made from the tables of keys, so that they cannot differ. */
export function configurationPage(): string {
  const chapters = Object.entries(CHAPTERS).map(([part, title]) => {
    const rows = optionKeys.filter((option) => option.part === part).map(optionRow);
    return `### ${title}\n\n| key | what | values | default | flag |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  return `# Configuration files

<!-- Made from the tables in packages/cli/src/config by its tests (\`vitest run packages/cli/src/config -u\` writes it): change it there. -->

\`dispatch run\`, \`worker\`, \`queue\`, \`dead\` and \`explain\` take \`--config FILE\`. The file is JSON, TOML or YAML, by its extension (\`.json\`, \`.toml\`, \`.yaml\`,
\`.yml\`), else by what it looks like. It is UTF-8 and at most ${MAX_FILE_BYTES.toLocaleString("en-US")} bytes.

\`\`\`yaml
backend: redis
connection:
  host: \${REDIS_HOST:-127.0.0.1}
  password: \${REDIS_PASSWORD}
concurrency: 20
leaseMs: 30000
\`\`\`

- \`dispatch config check FILE\` prints everything that is wrong, each on a line with the file, the line where it is known, and the key; exit code 2. The
  options of a command may follow, for a file that is used with them.
- \`dispatch config print FILE\` prints what is in force and where each value comes from: \`default\`, the file with the line and the key, a variable of the
  environment, or the command line. \`--json\` makes it one JSON line. Secrets are \`***\`: passwords, also within URLs; headers whose name sounds secret; and
  what comes from a variable whose name does.

**What wins.** The command line, then the file, then the default. The environment has no part of its own: only where the file says so. A key that is
\`null\` is as good as absent. Where the command line names another backend than the file, what the file says of its own broker is left out, with a
warning; where it gives a URL of the same one, the URL takes the place of host, port, user, password and the like; where it gives the bare name of the one
whose URL the file gives, that URL is left out, with a warning.

**Environment.** Within any text, \`\${NAME}\` is the variable, and \`\${NAME:-default}\` has a default for one that is unset or empty; \`$\${\` is a literal
\`\${\`. A variable that is unset and has no default is an error. What is filled in is not looked through again, and may be a number or \`true\` and
\`false\` where those are wanted.

**Keys.** Each key may stand at the top level or under \`connection\`. The same option twice, under two of its names or in two places, is an error unless both
say the same. An unknown key is an error that names the nearest one. A key of another backend is an error. \`$schema\` may name the JSON Schema, which is
published as \`@org/dispatch-cli/schema/config.schema.json\`: editors complete and check with it.

**Limits.** A nesting of 64, 100 aliases in YAML, no key twice, no tags of your own.

## Keys

Every option of the API has its name here. A number has its unit in its name. A dot leads into a section: \`backoff: { baseMs: 500 }\`.

${chapters.join("\n")}
\`queueUrl\`, \`queueName\` and \`topic\` name the middle lane of the work queue; the other queues are named after it. Without such a key the name is
\`NAMESPACE-QUEUE\`. Without \`create\` that queue and its dead letters are enough: where the queues of the other lanes or of long delays are missing, what
needs them is refused, and a warning says so (\`options.md\`).

- \`url\` beside \`host\` or \`port\`, or beside a \`backend\` that is a URL, is an error.
- \`durable: false\` loses every task when the broker restarts, so it needs \`allowTransient: true\` beside it.
- \`enableAutoCommit: true\` is refused: offsets that commit themselves lose the tasks of a worker that crashes.
- \`heartbeatTimeoutMs\` above \`leaseMs\` is a warning: the tasks of a silent worker are given to others before it counts as gone.
- \`maxLost: 0\` (\`max_requeue_attempts: 0\`) turns packs off, since a worker may not let one run whole then; with a warning where \`packs\` asks for them.
- \`initialBatchSize\` above \`maxBatchSize\` is a warning, and packs begin with \`maxBatchSize\`.

## Keys of the Python dispatcher

Its files load as they are. Keys that are spelled alike (\`backend\`, \`compress\`, \`host\`, \`port\`, \`username\`, \`password\`, \`db\`, \`url\`, \`region\`, \`topic\`,
\`durable\`) stand above.

| key | is | of | its value |
|---|---|---|---|
${pythonKeys.map(pythonRow).join("\n")}

## What an adapter gets

An adapter \`@org/dispatch-backend-NAME\` exports a function \`fromOptions(options)\`, which makes the backend and does not connect yet. \`options\` has
\`namespace\` and \`queue\`, always, and what was given of \`url\` (as it stands) and of its own keys above, under their names of the API. What is absent is
the adapter's to choose: without \`url\` and \`host\` it takes the broker's usual place on this machine. A key wins over the part of the URL that says the
same. It throws a \`DispatchError\` with \`CONFIG_INVALID\` for what it cannot use. \`allowTransient\` and \`enableAutoCommit\` have been judged and come along all the same.
`;
}

function optionRow({ key, about, kind, backends, flag, ...option }: OptionKey): string {
  const what = `${about}${backends === undefined || option.part === "memory" ? "" : ` (${backends.join(", ")})`}`;
  const held = option.default === undefined ? (option.otherwise ?? "") : `\`${shown(option.default)}\``;
  return `| \`${key}\` | ${what} | ${kind.wanted} | ${held} | ${flag === undefined ? "" : `\`${flag}\``} |`;
}

function pythonRow({ key, to, backends, about }: PythonKey): string {
  const options = Object.keys(to).map((option) => `\`${option}\``);
  return `| \`${key}\` | ${options.join(", ")} | ${backends?.join(", ") ?? "all"} | ${about} |`;
}

function shown(value: unknown): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : String(value);
}
