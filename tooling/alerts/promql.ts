/** What an expression of PromQL asks for, by Prometheus's own grammar. */
import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** One selection of series. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Matcher {
  readonly label: string;
  readonly operator: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

export interface Asked {
  readonly selectors: readonly Selector[];
  /** Labels that `by`, `without`, `on`, `ignoring` and `group_left` name. */
  readonly groupings: readonly string[];
  /** Durations, with their places. */
  readonly durations: readonly Spot[];
}

interface Spot {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Reads an expression. Throws where it is none. */
export function readExpression(expression: string): Asked {
  const [selectors, groupings, durations]: [Selector[], string[], Spot[]] = [[], [], []];
  parser.parse(expression).iterate({
    enter({ type, from, to, node }) {
      const text = expression.slice(from, to);
      if (type.isError) throw new Error(`no PromQL at ${from}, before ${expression.slice(from, from + 20)}: ${expression}`); // biome-ignore format: one line
      if (type.name === "VectorSelector") selectors.push(readSelector(node, expression));
      if (type.name === "GroupingLabels") groupings.push(...namesIn(node, expression));
      if (type.name === "NumberDurationLiteralInDurationContext") durations.push({ from, to, text });
    },
  });
  return { selectors, groupings, durations };
}

function readSelector(node: SyntaxNode, expression: string): Selector {
  const name = node.getChild("Identifier");
  const matchers = (node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? []).map((matcher) => {
    const [label, operator, value] = ["LabelName", "MatchOp", "StringLiteral"].map((kind) => textOf(matcher.getChild(kind), expression)); // biome-ignore format: one line
    return { label, operator, value: value?.slice(1, -1) } as Matcher;
  });
  return { metric: textOf(name, expression), matchers };
}

function namesIn(node: SyntaxNode, expression: string): string[] {
  return node.getChildren("LabelName").map((label) => textOf(label, expression));
}

function textOf(node: SyntaxNode | null, expression: string): string {
  return node === null ? "" : expression.slice(node.from, node.to);
}
