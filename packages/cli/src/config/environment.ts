/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A text with its variables filled in. */
export interface FilledText {
  readonly text: string;
  /** The variables that it has a part of. Those whose default was taken do not count. */
  readonly names: readonly string[];
  /** Was there anything to fill in? */
  readonly changed: boolean;
  /** What could not be filled in, a sentence each. */
  readonly faults: readonly string[];
}

const MARK = /\$\$\{|\$\{([^}]*)\}?/g;
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Fills in `${NAME}` and `${NAME:-default}`; `$${` is a literal `${`. The default is taken, as in a shell, where the variable is unset or empty. What is
 * filled in is not looked through again.
 */
export function fillIn(text: string, environment: Environment): FilledText {
  const names: string[] = [];
  const faults: string[] = [];
  let changed = false;
  const filled = text.replace(MARK, (mark: string, inside: string | undefined) => {
    changed = true;
    if (inside === undefined) return "${";
    const [, name, otherwise] = (mark.endsWith("}") && INSIDE.exec(inside)) || [];
    if (name === undefined) {
      faults.push(`"\${" begins no \${NAME} or \${NAME:-default}; write $\${ for a literal \${`);
      return mark;
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (otherwise !== undefined && (value === undefined || value === "")) return otherwise;
    if (value === undefined)
      faults.push(`the environment variable ${name} is not set, and there is no default; \${${name}:-default} has one`);
    else names.push(name);
    return value ?? "";
  });
  return { text: filled, names, changed, faults };
}
