/** A real marimo, as an app and as a notebook that is edited. */
import { expect, type Page, test } from "@playwright/test";
import { journey, type Python, THEMES } from "./journey.js";
import { addressOf } from "./places.js";

function pythonOf(page: Page): Python {
  return {
    told: async () => JSON.parse((await page.locator("pre.told").textContent()) ?? ""),
    select: () => page.getByRole("button", { name: "select in Python" }).click(),
  };
}

for (const mode of ["run", "edit"] as const)
  for (const theme of THEMES)
    test(`marimo ${mode}, ${theme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme });
      // A notebook that is edited keeps its kernel, so that each has its own.
      await page.goto(mode === "run" ? addressOf("run") : `${addressOf("edit")}/?file=${theme}.py`);
      await expect(page.locator("pre.told")).toBeVisible({ timeout: 120_000 });
      await journey(page, page.getByRole("region", { name: "Explorer" }), theme, pythonOf(page));
    });
