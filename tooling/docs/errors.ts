/** `./dev node tooling/docs/errors.ts`: writes docs/errors.md anew; core must be built. */
import { writeFile } from "node:fs/promises";
import { codes } from "../../packages/core/dist/index.js";
import { root } from "../tree.ts";
import { errorsPage, errorsPath } from "./errors-page.ts";

await writeFile(`${root}/${errorsPath}`, errorsPage(codes));
