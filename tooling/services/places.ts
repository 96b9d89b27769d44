/** Where everything of the services lies. All of it may be deleted when nothing runs. */
import { root } from "../tree.ts";

/** The folder of all; absolute, since servers in a root of their own see it under the same path. */
export const home: string = `${root}/.services`;

/** Unpacked Debian packages, by a name. */
export const rootsFolder: string = `${home}/roots`;

/** Java archives, by a name. */
export const jarsFolder: string = `${home}/jars`;

/**
 * The folder of the instances. `DISPATCH_SERVICES_SET` names another set of them, beside the usual one and sharing its downloads: for tests that stop
 * and kill, while others use the usual ones.
 */
export function instancesFolder(set: string = process.env.DISPATCH_SERVICES_SET || "run"): string {
  return `${home}/${set}`;
}
