import { program } from "../../tooling/tsup.ts";

export default program({ index: "src/index.ts", bin: "src/bin.ts" });
