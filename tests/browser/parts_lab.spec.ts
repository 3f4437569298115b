/** An encoder-decoder model in a real JupyterLab: its parts, and the seconds of a recording as keys. */
import { expect, test } from "@playwright/test";
import { exact } from "../../js/views/shared/format.js";
import { Notebook, prepare, shutDownKernels } from "./notebook.js";

const MOONSHINE = `
import json
import headscope as hs
from headscope import demo

model, tokenizer = demo.moonshine()
said = "Ever tried, ever failed, no matter try again, fail again, fail better."
view = hs.explore(model, demo.moonshine_sample(), tokenizer=tokenizer, target=said)
view.select(part="cross", layer=2, heads=[1])
view`;

const EVER = 4;
const FAILED_IS_SAID = 82;

test.afterEach(async ({ page }) => {
  await shutDownKernels(page);
});

test("Moonshine: from a word to the second at which it was said", async ({ page }) => {
  await page.setViewportSize({ width: 1500, height: 1200 });
  prepare("quickstart.ipynb", "moonshine.ipynb", { moonshine: MOONSHINE });
  const notebook = await Notebook.open(page, "moonshine.ipynb");
  await notebook.run("moonshine");
  const explorer = await notebook.view("moonshine", "Explorer");
  const heads = explorer.getByRole("region", { name: "Attention heads" });
  const path = explorer.getByRole("navigation", { name: "Path" }).getByRole("button");
  await expect(path).toHaveText(["Model", "cross", "layer 2", "head 1"]);
  await expect(heads.locator('[data-entry="1"]').first()).toContainText("Ever");
  await expect(heads.getByRole("listbox", { name: /^To/ }).locator('[data-entry="20"]')).toContainText("0.48 s");

  const weight = await notebook.ask<number>(
    `view.select(query=${EVER}, key=${FAILED_IS_SAID}); print(json.dumps(view.selected.attention.item()))`,
  );
  await expect(path).toHaveText(["Model", "cross", "layer 2", "head 1", "ever", "1.98 s"]);
  await expect(explorer.getByRole("region", { name: "Neurons" })).toContainText(`weight shown ${exact(weight)}`);

  await explorer.getByText("decoder", { exact: true }).click();
  await expect.poll(() => notebook.ask<string>("print(json.dumps(view.part))")).toBe("decoder");
  await expect(heads.getByRole("listbox", { name: /^To/ }).locator('[data-entry="1"]')).toContainText("Ever");
});
