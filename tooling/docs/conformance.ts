/** `./dev node tooling/docs/conformance.ts`: writes docs/conformance.md anew; core and the testkit must be built. */
import { writeFile } from "node:fs/promises";
import { root } from "../tree.ts";
import { conformancePage, conformancePath } from "./conformance-page.ts";
import { suite } from "./conformance-suite.ts";

await writeFile(`${root}/${conformancePath}`, conformancePage(suite));
