import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

/** What a user may do, as regular expressions of names. */
export interface Rights {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** The line of the README's table of rights that begins with `who`, for one queue. */
export function rightsOf(who: string, queue: string): Rights {
  const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, table = ""] = page.split("## Rights");
  const line = table.split("\n").find((text) => text.startsWith(`| ${who}`));
  if (line === undefined) throw new Error(`the README has no rights of "${who}"`);
  const cells = line.split(/(?<!\\)\|/).slice(2, 5);
  // Where there is none: a name that is none.
  const [configure = "", write = "", read = ""] = cells.map(
    (cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|").replaceAll("QUEUE", queue) || "^$",
  );
  return { configure, write, read };
}

/** A user of the server at `url` with these rights in its first virtual host. */
export interface RestrictedUser {
  readonly url: string;
  remove(): Promise<void>;
}

/** `admin`: of the same server's HTTP API. */
export async function restrictedUser(url: string, admin: string, rights: Rights): Promise<RestrictedUser> {
  const name = `restricted-${randomBytes(4).toString("hex")}`;
  const password = randomBytes(8).toString("hex");
  await ask(admin, "PUT", `users/${name}`, { password, tags: "" });
  await ask(admin, "PUT", `permissions/%2F/${name}`, rights);
  return {
    url: Object.assign(new URL(url), { username: name, password }).href,
    remove: () => ask(admin, "DELETE", `users/${name}`),
  };
}

async function ask(admin: string, method: string, path: string, body?: unknown): Promise<void> {
  const { username, password, origin } = new URL(admin);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const answer = await fetch(`${origin}/api/${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}
