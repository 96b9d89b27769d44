/** `./dev node tooling/grafana/main.ts`: writes the dashboards of ops/grafana anew. */
import { writeFile } from "node:fs/promises";
import { textOf } from "./board-json.ts";
import { boards, fileOf } from "./boards.ts";

for (const board of boards) await writeFile(fileOf(board), textOf(board));
