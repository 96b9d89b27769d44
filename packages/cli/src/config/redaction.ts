import type { Value } from "./kinds.ts";
import type { OptionKey } from "./option-key.ts";

/** What stands in place of a secret. */
const HIDDEN = "***";

const SECRET_NAME = /pass|secret|token|credential|authorization|api[-_]?key|private[-_]?key|cookie/i;

/** Does a name, of a variable or a header, say that its value is secret? */
function soundsSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A value as it may be shown: secrets, also within URLs, are hidden. `names`: the variables of the environment that it has a part of. */
export function redacted(key: OptionKey, value: Value, names: readonly string[] = []): Value {
  if (key.secret === true || names.some(soundsSecret)) return HIDDEN;
  if (typeof value === "string") return redactedText(value);
  if (Array.isArray(value)) return value.map(redactedText);
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name, soundsSecret(name) ? HIDDEN : redactedText(text)]),
  );
}

/**
 * Hides what stands before the last `@` of a URL, but for the name of the user, and query parameters that sound secret. Rather too much than too little:
 * a password may hold any character.
 */
export function redactedText(text: string): string {
  const user = /^([a-z][a-z0-9+.-]*:(?:\/\/)?)?([^:@/]*:)?.*@/is;
  return text
    .replace(user, (_, scheme = "", name = "") => `${scheme}${name}${HIDDEN}@`)
    .replace(/([?&;]([^=&;]*)=)[^&;#]*/g, (part, start, name) => (soundsSecret(name) ? `${start}${HIDDEN}` : part));
}
