import { expect, type Locator } from "@playwright/test";
import { exact } from "../../../js/views/shared/format.js";

/** One row of the neuron view as it stands on the page: the numbers behind those that are drawn. */
export interface Row {
  position: number;
  /** The weight that is shown. */
  weight: number;
  /** Terms by their names in the equation. */
  terms: Record<string, number>;
}

/** Reads the rows in view. */
export function readRows(view: Locator): Promise<Row[]> {
  return view.locator(".neuron-rows [data-row]").evaluateAll((rows) =>
    rows.map((row) => {
      const { position, weight, dot, cap, bias, mask, sink } = (row as HTMLElement).dataset;
      const terms = Object.entries({ dot, cap, bias, mask, sink }).filter(([, value]) => value !== undefined);
      return {
        position: Number(position),
        weight: Number(weight),
        terms: Object.fromEntries(terms.map(([name, value]) => [name, Number(value)])),
      };
    }),
  );
}

/** The equation as it stands on the page, such as "softmax(dot + mask, sink)". */
export async function readEquation(view: Locator): Promise<string> {
  const text = await view.locator(".equation").textContent();
  return (text ?? "").replace("weight = ", "");
}

/** Evaluates an equation over the terms of all rows, knowing nothing but how a softmax is written. */
export function evaluate(equation: string, rows: readonly Row[]): number[] {
  const [, score, sink] = /^softmax\((.*?)(, sink)?\)$/.exec(equation) ?? [];
  if (score === undefined) throw new Error(`not an equation: "${equation}"`);
  const names = ["dot", "cap", "bias", "mask"];
  const scoreOf = new Function("tanh", ...names, `return ${score};`);
  const scores: number[] = rows.map(({ terms }) => scoreOf(Math.tanh, ...names.map((name) => terms[name])));
  const all = sink === undefined ? scores : [...scores, rows[0].terms.sink];
  const most = Math.max(...all);
  const sum = all.reduce((total, one) => total + Math.exp(one - most), 0);
  return scores.map((one) => Math.exp(one - most) / sum);
}

/** Asserts that the displayed terms and equation give the displayed weights, and returns those. */
export async function expectEvaluates(view: Locator): Promise<number[]> {
  const rows = await readRows(view);
  const weights = rows.map(({ weight }) => weight);
  expectWithin(evaluate(await readEquation(view), rows), weights, 1e-5);
  const shown = await view.locator('.neuron-number[data-name="softmax"]').allTextContents();
  const visible = rows.filter(({ terms }) => terms.mask === 0);
  expect(shown).toEqual(visible.map(({ weight }) => exact(weight)));
  return weights;
}

export function expectWithin(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const off = Math.max(...actual.map((value, at) => Math.abs(value - expected[at])));
  expect(off).toBeLessThan(tolerance);
}
