/** JupyterLab as `make demo` shows it: our extension is there, nothing pops up, nothing comes from elsewhere. */
import { expect, test } from "@playwright/test";

test("JupyterLab loads the extension, asks nothing and stays on this machine", async ({ page }) => {
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));

  await page.goto(`/lab?token=${process.env.LAB_TOKEN}&reset`); // without the tabs that other tests left open
  await expect(page.locator(".jp-Launcher")).toBeVisible({ timeout: 120_000 });

  const entry = requests.filter((url) => url.includes("/lab/extensions/headscope/static/remoteEntry."));
  expect(entry).toHaveLength(1);
  const config = JSON.parse((await page.locator("#jupyter-config-data").textContent()) ?? "{}");
  expect(config.federated_extensions.map(({ name }: { name: string }) => name)).toContain("headscope");
  expect(config.disabledExtensions).toContain("@jupyterlab/apputils-extension:announcements"); // would pop up with news
  await expect(page.locator(".jp-Dialog, .Toastify__toast")).toHaveCount(0);
  expect(requests.filter((url) => !/^(blob:|data:|(http|ws):\/\/127\.0\.0\.1:)/.test(url))).toEqual([]);
  expect(errors).toEqual([]);
});
