/** For `dispatch conformance conformance.ts`, and for workers in processes of their own: where the files lie is told by the environment. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directory } from "./src/index.ts";

const root = process.env.OWN_BACKEND_ROOT ?? join(tmpdir(), "own-backend");

export default (namespace: string) => directory(root, { namespace });
