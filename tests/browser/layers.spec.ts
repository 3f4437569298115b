/** Layers that were read in different ways, refused, or do something else than attend: each says which it is. */
import { expect, test } from "@playwright/test";
import { audit } from "./page/audit.js";
import { openWidget } from "./page/open.js";

const WHY = "Its module computes a softmax of its own, of whose input no queries and keys are known.";
const MIXES = "(JambaMambaMixer) has no attention map: it mixes tokens in another way than by attention.";

test("layers keep their numbers; one without attention says so, and is no refused one", async ({ page }) => {
  await openWidget(page, { scenario: "hybrid", kind: "model", traits: { layer: 4 } });
  const rows = page.getByRole("grid").getByRole("row");
  await expect(rows).toHaveCount(6);
  const cell = page.getByRole("gridcell", { name: "layer 2, head 3, no attention map" });
  await expect(cell).not.toHaveClass(/refused/);
  await cell.hover();
  await expect(page.getByRole("tooltip")).toContainText(`model.layers.2.mamba ${MIXES}`);
  await expect(page.locator("canvas.thumbs")).toHaveAttribute("data-layers", "3");
});

test("a refused layer is crossed out and says why", async ({ page }) => {
  await openWidget(page, { scenario: "hybrid", kind: "model", traits: { layer: 4 } });
  const refused = page.getByRole("gridcell", { name: "layer 3, head 3, refused" });
  await expect(refused).toHaveClass(/refused/);
  await refused.hover();
  await expect(page.getByRole("tooltip")).toContainText("adds a bias that was not recorded");
  await expect(page.locator(".cell.refused")).toHaveCount(9);
});

test("the list of layers, and the chip, tell the one from the other", async ({ page }) => {
  await openWidget(page, { scenario: "hybrid", kind: "head", traits: { layer: 4 } });
  const list = page.getByLabel("Layer", { exact: true });
  const names = ["0 (no attention map)", "1", "2 (no attention map)", "3 (refused)", "4", "5"];
  await expect(list.locator("option")).toHaveText(names);
  await list.selectOption("2 (no attention map)");
  await expect(page.locator(".certificate")).toHaveText("layer 2: no attention map");
  await expect(page.locator(".certificate")).not.toHaveClass(/refused/);
  await expect(page.getByRole("alert")).toHaveText(`model.layers.2.mamba ${MIXES}`);
  await list.selectOption("3 (refused)");
  await expect(page.locator(".certificate")).toHaveText("layer 3: refused");
  await list.selectOption("1");
  await page.locator(".certificate").hover();
  await expect(page.getByRole("tooltip")).toContainText("Refused: layer 3.");
});

test("the chip says by what a layer was served and how well it was checked", async ({ page }) => {
  await openWidget(page, { scenario: "hybrid", kind: "head", traits: { layer: 4 } });
  const chip = page.locator(".certificate");
  await chip.hover();
  await expect(page.getByRole("tooltip")).toContainText("Recorded from the operations that the model's own attention");
  await page.evaluate(() => window.host.model.push({ layer: 5 }));
  await expect(chip).toHaveText("not checked");
  await page.mouse.move(0, 500);
  await chip.hover();
  await expect(page.getByRole("tooltip")).toContainText("These are the weights that the model itself returned.");
  await expect(page.getByRole("tooltip")).toContainText(WHY);
});

test("weights alone leave the neuron view empty, and it says why", async ({ page }) => {
  await openWidget(page, { scenario: "hybrid", kind: "neuron", traits: { layer: 5, query: 8 } });
  await expect(page.locator(".neuron-why")).toHaveText(
    `No queries and keys are known that make the weights of layer 5. ${WHY}`,
  );
});

const CHIPS: Record<number, string> = { 2: "layer 2: no attention map", 3: "layer 3: refused", 5: "not checked" };

for (const theme of ["light", "dark"]) {
  for (const layer of [2, 3, 5]) {
    test(`layer ${layer} of a hybrid, ${theme}: nothing overlaps, is cut off or pale`, async ({ page }) => {
      await page.setViewportSize({ width: 1080, height: 1200 });
      const traits = { layer, query: 8, theme, scale: "head" };
      await openWidget(page, { scenario: "hybrid", kind: "explorer", traits });
      await expect(page.locator(".certificate")).toHaveText(CHIPS[layer]);
      await expect(page.locator("canvas.thumbs")).toHaveAttribute("data-layers", "3");
      await page.screenshot({ path: `test-results/looks/hybrid-${layer}-${theme}.png`, fullPage: true });
      await audit(page.locator(".shell"));
    });
  }
}
