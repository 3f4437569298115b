import { expect, type Page } from "@playwright/test";
import { short } from "../../../js/views/shared/format.js";
import type { Start } from "./host.js";
import { openWidget } from "./open.js";
import { SCENARIOS, type Scenario } from "./scenarios.js";
import { type Synthetic, synthesize } from "./synthetic.js";
import { View } from "./view.js";

/** What must be on the page: plain formulas over the same vectors. */
export function reference(scenario: Scenario): Synthetic {
  return synthesize(SCENARIOS[scenario]);
}

/** Opens a page that shows one head view. */
export async function open(page: Page, scenario: Scenario, start: Omit<Start, "scenario"> = {}): Promise<View> {
  await openWidget(page, { scenario, ...start });
  const view = new View(page);
  await expect(view.root).toBeVisible();
  return view;
}

/** The numbers beside the keys of a query that sees those up to itself. */
export function causal(weights: readonly number[], query: number): string[] {
  return weights.map((weight, key) => (key <= query ? short(weight) : ""));
}

export function sum(weights: readonly number[]): number {
  return weights.reduce((total, weight) => total + weight, 0);
}
