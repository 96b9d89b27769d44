/** Boards as Grafana's JSON, by its own builders. */
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type { Board, Panel } from "./panel.ts";

const SOURCE = { type: "prometheus", uid: "$datasource" };
/** Of a panel; a row of Grafana is 24 wide. */
const [WIDTH, HEIGHT] = [6, 8];
const THREE_WIDE = 8;

/** The text of the file, formatted as it is committed. */
export function textOf(board: Board): string {
  return `${JSON.stringify(build(board), null, 2)}\n`;
}

function build({ name, title, what, variables, rows }: Board): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(title)
    .uid(`dispatch-${name}`)
    .description(what)
    .tags(["dispatch"])
    .time({ from: "now-1h", to: "now" })
    .refresh("30s")
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .link(new dashboard.DashboardLinkBuilder("Dispatch").type(dashboard.DashboardLinkType.Dashboards).tags(["dispatch"]).keepTime(true)) // biome-ignore format: one line
    .withVariable(new dashboard.DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"));
  for (const label of variables) builder.withVariable(variableOf(label));
  let id = 0;
  for (const row of rows) {
    id += 1;
    builder.withRow(new dashboard.RowBuilder(row.title).id(id));
    const span = row.panels.length % 4 === 0 ? WIDTH : THREE_WIDE;
    for (const panel of row.panels) {
      id += 1;
      builder.withPanel(panelOf(panel, span, id));
    }
  }
  return builder.build();
}

function variableOf(label: "backend" | "queue"): dashboard.QueryVariableBuilder {
  const narrowed = label === "queue" ? '{backend=~"$backend"}' : "";
  return new dashboard.QueryVariableBuilder(label)
    .datasource(SOURCE)
    .query(`label_values(dispatch_queue_pending_tasks${narrowed}, ${label})`)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .includeAll(true)
    .multi(true)
    .current({ text: "All", value: "$__all" });
}

function panelOf({ title, what, unit, queries }: Panel, span: number, id: number): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder()
    .id(id)
    .title(title)
    .description(what)
    .datasource(SOURCE)
    .unit(unit)
    .min(0)
    .span(span)
    .height(HEIGHT)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    );
  if (unit === "percentunit") builder.max(1);
  for (const [place, { expr, legend }] of queries.entries())
    builder.withTarget(new prometheus.DataqueryBuilder().expr(expr).range().legendFormat(legend).refId(String.fromCharCode(65 + place))); // biome-ignore format: one line
  return builder;
}
