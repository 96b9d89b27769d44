import { debianRoot } from "../debian/root.ts";

/** The folder into which Debian's packages of Prometheus are unpacked; made where it is missing. */
export function rootOf(): Promise<string> {
  return debianRoot("prometheus-3", "forky", ["prometheus"]);
}
