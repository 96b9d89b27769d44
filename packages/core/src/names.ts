import { DispatchError } from "./errors.ts";

/** Namespaces, queues, tasks and coordinators: what every broker can hold in a name. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Answers the name. Throws `CONFIG_INVALID`. */
export function checkName(what: string, name: string): string {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new DispatchError(
      "CONFIG_INVALID",
      `${what} ${JSON.stringify(name)}: a name begins with a letter or digit and has at most 128 letters, digits, dots, dashes or underscores`,
    );
  }
  return name;
}
