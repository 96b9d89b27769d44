/** The dashboards: as the generator has them now, as Grafana's types want them, and asking for what there is. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { describeMetrics, metricsDefaults } from "../../packages/metrics/dist/index.js";
import { metricsIn, problemsOf } from "../alerts/known-series.ts";
import { readExpression } from "../alerts/promql.ts";
import { textOf } from "./board-json.ts";
import { asAsked, boards, fileOf } from "./boards.ts";
import { schemaOf } from "./published-schema.ts";

interface Written {
  readonly panels: readonly {
    readonly type: string;
    readonly options: unknown;
    readonly fieldConfig: { readonly defaults: { readonly custom: unknown } };
    readonly targets: readonly unknown[];
  }[];
}

let schemas: Readonly<Record<"board" | "query" | "options" | "field", (value: unknown) => string[]>>;
beforeAll(() => {
  schemas = {
    board: schemaOf("dashboard", "Dashboard"),
    query: schemaOf("prometheus", "Dataquery"),
    options: schemaOf("timeseries", "Options"),
    field: schemaOf("timeseries", "FieldConfig"),
  };
}, 60_000);

describe.each(boards)("$name", (board) => {
  const panels = board.rows.flatMap((row) => row.panels);

  test("is what the generator makes: else run ./dev node tooling/grafana/main.ts", async () => {
    expect(await readFile(fileOf(board), "utf8")).toBe(textOf(board));
  });

  test("is of Grafana's published types", async () => {
    const written = JSON.parse(await readFile(fileOf(board), "utf8")) as Written;
    // Of a query, the type of a board knows no more than that it is one.
    const panels = written.panels.map((panel) => (panel.type === "row" ? panel : { ...panel, targets: [] }));
    expect(schemas.board({ ...written, panels })).toEqual([]);
    for (const { type, options, fieldConfig, targets } of written.panels) {
      if (type === "row") continue;
      expect([type, schemas.options(options), schemas.field(fieldConfig.defaults.custom)]).toEqual([
        "timeseries",
        [],
        [],
      ]);
      for (const target of targets) expect(schemas.query(target)).toEqual([]);
    }
  });

  test("each panel has a name of its own", () => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  test.each(panels)(
    "$title asks for series that exist, and names its lines by labels that they have",
    ({ queries }) => {
      expect(queries.length).toBeGreaterThan(0);
      for (const { expr, legend } of queries) {
        const asked = asAsked(expr);
        expect(problemsOf(asked)).toEqual([]);
        const kept = [...readExpression(asked).groupings, ...(asked.includes("by (") ? [] : ["instance"])];
        for (const [, label] of legend.matchAll(/{{(\w+)}}/g)) expect(kept).toContain(label);
      }
    },
  );
});

test("every metric that there is, is drawn", () => {
  const drawn = boards.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.flatMap(({ expr }) => metricsIn(asAsked(expr)))))); // biome-ignore format: one line
  expect(describeMetrics().map(({ name }) => `${metricsDefaults.prefix}_${name}`).filter((name) => !drawn.includes(name))).toEqual([]); // biome-ignore format: one line
});

test("a file that Grafana's types do not allow is found", () => {
  expect(schemas.board({ title: "x", schemaVersion: "42", panels: [] }).join("\n")).toMatch(
    /schemaVersion: must be number/,
  );
  expect(schemas.query({ refId: "A", expression: "up" }).join("\n")).toMatch(/must have required property 'expr'/);
});
