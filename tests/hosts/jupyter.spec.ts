/** A real JupyterLab and a real Notebook 7, with the wheel installed. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { Notebook } from "../browser/notebook.js";
import { expect, test } from "./firefox.js";
import { journey, type Python, THEMES, type Theme, type Told } from "./journey.js";
import { endKernels } from "./kernels.js";
import { addressOf, NOTEBOOKS } from "./places.js";

const CELLS = { show: "from shown import explore, told\nview = explore()\nview", told: "print(told(view))" };
const HOSTS = { JupyterLab: "/lab/tree", "Notebook 7": "/notebooks" } as const;

async function shown(page: Page, where: string, name: string): Promise<{ notebook: Notebook; explorer: Locator }> {
  const cells = Object.entries(CELLS).map(([id, source]) => {
    return { cell_type: "code", id, metadata: {}, source, outputs: [], execution_count: null };
  });
  const metadata = { kernelspec: { name: "python3", display_name: "Python 3" } };
  writeFileSync(join(NOTEBOOKS, name), JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }));
  const notebook = await Notebook.open(page, name, where);
  await notebook.run("show");
  return { notebook, explorer: await notebook.view("show", "Explorer") };
}

async function choose(page: Page, theme: Theme): Promise<void> {
  const name = theme === "dark" ? "JupyterLab Dark" : "JupyterLab Light";
  await page.evaluate((chosen) => jupyterapp.commands.execute("apputils:change-theme", { theme: chosen }), name);
  await expect(page.locator("body")).toHaveAttribute("data-jp-theme-name", name);
}

function pythonOf(notebook: Notebook): Python {
  return {
    told: () => notebook.read<Told>("told"),
    select: () => notebook.ask("view.select(query=2); print(1)"),
  };
}

test.afterEach(({ page }) => endKernels(page));

test.describe(() => {
  test.use({ baseURL: addressOf("jupyter") });

  for (const [host, where] of Object.entries(HOSTS))
    for (const theme of THEMES)
      test(`${host}, ${theme}`, async ({ page }) => {
        const { notebook, explorer } = await shown(page, where, `${host} ${theme}.ipynb`.replaceAll(" ", "_"));
        await choose(page, theme); // while it is open
        await journey(page, explorer, theme, pythonOf(notebook));
      });

  test("Notebook 7 draws what a notebook kept, without its kernel", async ({ page }) => {
    await shown(page, HOSTS["Notebook 7"], "kept.ipynb");
    await page.evaluate(() => jupyterapp.commands.execute("docmanager:save"));
    await endKernels(page);
    const notebook = await Notebook.open(page, "kept.ipynb", HOSTS["Notebook 7"]);
    await expect(page.getByText("As it was when this cell ran.")).toBeVisible();
    const explorer = await notebook.view("show", "Explorer");
    await expect(explorer.locator('canvas.thumbs[data-layers="6"]')).toBeVisible();
  });
});

test.describe("without our extension", () => {
  test.use({ baseURL: addressOf("disabled") });

  test("JupyterLab, light, with the extension disabled", async ({ page }) => {
    const { notebook, explorer } = await shown(page, HOSTS.JupyterLab, "disabled.ipynb");
    expect(await page.evaluate(() => jupyterapp.hasPlugin("headscope:plugin"))).toBe(false);
    await choose(page, "light");
    await journey(page, explorer, "light", pythonOf(notebook));
  });
});
