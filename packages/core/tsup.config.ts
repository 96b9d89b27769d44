import { library } from "../../tooling/tsup.ts";

export default library({
  index: "src/index.ts",
  contract: "src/contract/index.ts",
  memory: "src/memory/index.ts",
  blobs: "src/blobs/index.ts",
  "adapter-kit": "src/adapter-kit/index.ts",
});
