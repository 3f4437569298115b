/** The exported page, opened from disk with the network off. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@playwright/test";
import { journey, THEMES } from "./journey.js";
import { HOME } from "./places.js";

for (const theme of THEMES)
  test(`exported page, ${theme}`, async ({ page }) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => asked.push(error.message));
    await page.context().setOffline(true);
    await page.emulateMedia({ colorScheme: theme });
    const address = pathToFileURL(join(HOME, "page.html")).href;
    await page.goto(address);
    await journey(page, page.getByRole("region", { name: "Explorer" }), theme);
    expect(asked).toEqual([address]);
  });
