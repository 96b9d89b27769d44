import type { Configuration } from "./config/configuration.ts";
import { problemLine } from "./config/problem.ts";
import { redacted } from "./config/redaction.ts";
import type { Setting } from "./config/setting.ts";
import { oneLine } from "./failure.ts";
import { countText } from "./figures.ts";
import { configurationFor, type GivenOptions } from "./settled-options.ts";
import type { Surroundings } from "./surroundings.ts";

/** What `dispatch config` is to do, parsed. */
export type ConfigAction =
  | { readonly verb: "check"; readonly file: string }
  | { readonly verb: "print"; readonly file: string; readonly json: boolean };

/**
 * `dispatch config`: what is wrong with a file, or what is in force with it and the options of the command line. Answers the exit code; throws a
 * `ConfigError` with everything that is wrong.
 */
export async function configCommand(action: ConfigAction, given: GivenOptions, around: Surroundings): Promise<number> {
  const { file } = action;
  const configuration = await configurationFor(file, given, around);
  for (const warning of configuration.warnings) around.stderr.write(`warn ${oneLine(problemLine(file, warning))}\n`);
  if (action.verb === "check") {
    const options = [...configuration.settings.values()].filter(({ origin }) => origin.from === "file").length;
    const warned = configuration.warnings.length;
    around.stdout.write(
      `${oneLine(file)}: ${counted(options, "option")}, no problems, ${counted(warned, "warning")}\n`,
    );
  } else around.stdout.write(action.json ? `${jsonOf(file, configuration)}\n` : textOf(file, configuration));
  return 0;
}

function jsonOf(file: string, { settings, warnings }: Configuration): string {
  const shown = [...settings].map(([key, setting]) => {
    const { option, origin } = setting;
    return {
      key,
      value: shownValue(setting) ?? null,
      ...(option.otherwise && { otherwise: option.otherwise }),
      origin,
    };
  });
  return JSON.stringify({ file, settings: shown, warnings });
}

/** Three columns: option, value, origin. An option without a value says what holds instead. */
function textOf(file: string, { settings }: Configuration): string {
  const rows = [...settings].map(([key, setting]) => {
    const value = shownValue(setting);
    const text =
      value === undefined
        ? `(${setting.option.otherwise ?? "none"})`
        : typeof value === "string"
          ? value
          : JSON.stringify(value);
    return [key, oneLine(text) || '""', oneLine(originText(file, setting))] as const;
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(([key, value, origin]) => `${key.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${origin}\n`)
    .join("");
}

function shownValue({ option, value, origin }: Setting) {
  if (value === undefined) return undefined;
  return origin.from === "default" ? value : redacted(option, value, origin.from === "file" ? origin.names : []);
}

function originText(file: string, { origin }: Setting): string {
  if (origin.from === "default") return "default";
  if (origin.from === "option") return `because of ${origin.key}`;
  if (origin.from === "command line") return `command line ${origin.flag}`;
  const place = origin.line === undefined ? file : `${file}:${origin.line}`;
  const variables = origin.names.map((name) => `, environment ${name}`).join("");
  return `${place} ${origin.path}${variables}`;
}

function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}
