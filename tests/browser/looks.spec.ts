/** What each view looks like, light and dark, in narrow, usual and wide cells: pictures to look at, and what must hold of all. */
import { expect, type Page, test } from "@playwright/test";
import type { Kind } from "../../js/views/shared/frame_state.js";
import { audit, problems } from "./page/audit.js";
import { openWidget } from "./page/open.js";
import type { Scenario } from "./page/scenarios.js";

const KINDS: readonly Kind[] = ["model", "head", "neuron", "explorer"];
const PINNED = { layer: 1, heads: [2, 3, 4, 8], head: 4, query: 8, key: 4, neuron: 9 };

/** What is written once a view is all there. */
const DRAWN: Record<Kind, string[]> = {
  model: ["strongest"],
  head: ["looks from", ".33"],
  neuron: ["softmax", "weight ="],
  explorer: ["strongest", "looks from", "weight ="],
};

const MORE: readonly {
  name: string;
  scenario: Scenario;
  traits: Record<string, unknown>;
  width: number;
  drawn: string;
}[] = [
  { name: "nothing pinned", scenario: "grid30x9", traits: { layer: 9 }, width: 1080, drawn: "strongest" },
  {
    name: "speech",
    scenario: "speech",
    traits: { part: "cross", query: 2, key: 3 },
    width: 1080,
    drawn: "to second",
  },
  { name: "speech in a narrow cell", scenario: "speech", traits: { part: "cross" }, width: 460, drawn: "to second" },
  { name: "a pair", scenario: "pair", traits: { query: 1, key: 6, words: true }, width: 1080, drawn: "weight =" },
  {
    name: "weight times norm",
    scenario: "sentence",
    traits: { ...PINNED, measure: "value_norm", theme: "dark" },
    width: 1080,
    drawn: "weight =",
  },
  ...[420, 560, 1080].map((width) => ({
    name: `heads ranked at ${width} px`,
    scenario: "grid30x9" as const,
    traits: { ...PINNED, links: true },
    width,
    drawn: "heads that link",
  })),
  {
    name: "nothing to rank",
    scenario: "sentence",
    traits: { links: true },
    width: 560,
    drawn: "all heads are then ranked",
  },
  {
    name: "panes folded",
    scenario: "grid30x9",
    traits: { folded: ["model", "neuron"] },
    width: 1080,
    drawn: "looks from",
  },
];

for (const kind of KINDS) {
  for (const theme of ["light", "dark"]) {
    for (const width of [560, 1080, 1600]) {
      test(`the ${kind} view at ${width} px, ${theme}: nothing overlaps, is cut off or pale`, async ({ page }) => {
        await page.setViewportSize({ width, height: 1200 });
        await openWidget(page, { scenario: "sentence", kind, traits: { ...PINNED, theme } });
        for (const text of DRAWN[kind]) await expect(page.locator(".shell").getByText(text).first()).toBeVisible();
        await lookAndAudit(page, `${kind}-${theme}-${width}`);
      });
    }
  }
}

for (const { name, scenario, traits, width, drawn } of MORE) {
  test(`the explorer with ${name}: nothing overlaps, is cut off or pale`, async ({ page }) => {
    await page.setViewportSize({ width, height: 1200 });
    await openWidget(page, { scenario, kind: "explorer", traits });
    await expect(page.locator(".shell").getByText(drawn).first()).toBeVisible();
    await lookAndAudit(page, `explorer-${name.replaceAll(" ", "-")}`);
  });
}

test("the rules find what they are for", async ({ page }) => {
  await page.setContent(`<main style="width: 300px; font: 12px/16px sans-serif">
    <p style="margin: 0">first</p><p style="margin: -12px 0 12px">second</p>
    <p style="width: 30px; overflow: hidden; white-space: nowrap">cut off at its end</p>
    <p style="width: 30px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis" aria-label="some row">nowhere whole</p>
    <p style="width: 30px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis" title="all of this here">this here</p>
    <p style="margin-left: 280px; white-space: nowrap">beyond the edge</p>
    <p style="color: #888">pale</p><p style="opacity: 0.5">faded</p><button disabled style="color: #aaa">off</button>
    <p style="background: #1b2a52; color: #59626d">on dark</p><p role="tooltip" style="position: absolute; top: 20px">a tooltip</p>
  </main>`);
  expect(await problems(page.locator("main"))).toEqual([
    '"first" overlaps "second"',
    '"cut off at its end" is cut off by .P',
    '"nowhere whole" is cut off by .P',
    '"beyond the edge" is cut off by .MAIN',
    '"pale" has a contrast of 3.54',
    '"faded" has a contrast of 3.98',
    expect.stringContaining('"on dark" has a contrast of 2.2'),
  ]);
});

/** Keeps a picture in test-results/looks, and holds it to the rules of `audit`. */
async function lookAndAudit(page: Page, name: string): Promise<void> {
  const shell = page.locator(".shell");
  await expect(shell).toBeVisible();
  await expect(page.locator(".headscope")).toHaveAttribute("data-theme", /light|dark/);
  await page.screenshot({ path: `test-results/looks/${name}.png`, fullPage: true });
  await audit(shell);
}
