/** A real VS Code on a page: a folder is open, its files are opened by a double click. */
import { writeFileSync } from "node:fs";
import { expect, type FrameLocator, type Page } from "@playwright/test";

export const HOME = "build/vscode-home";

export type Theme = "Light Modern" | "Dark Modern" | "Default High Contrast" | "Default High Contrast Light";

const QUIET = {
  "workbench.startupEditor": "none",
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "extensions.autoCheckUpdates": false,
  "chat.disableAIFeatures": true,
  "window.commandCenter": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
};

export async function openCode(page: Page, theme: Theme): Promise<void> {
  writeFileSync(`${HOME}/user/User/settings.json`, JSON.stringify({ ...QUIET, "workbench.colorTheme": theme }));
  await page.goto(`/?folder=${process.cwd()}/${HOME}/captures`);
  await expect(page.locator(".explorer-folders-view")).toBeVisible({ timeout: 120_000 });
}

/** Runs a command of the palette. */
export async function command(page: Page, name: string): Promise<void> {
  await page.locator(".explorer-folders-view").click();
  await page.keyboard.press("F1");
  await page.locator(".quick-input-box input").fill(`>${name}`);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().click();
}

/** Opens a file. Before VS Code knows of our editor it opens files as text: they are then opened once more. */
export async function openFile(page: Page, name: string): Promise<FrameLocator> {
  const row = page.locator(".explorer-folders-view .monaco-list-row", { hasText: name });
  await expect(async () => {
    await row.dblclick();
    await expect(page.locator("iframe.webview")).toBeVisible({ timeout: 15_000 });
  }).toPass({ timeout: 120_000 });
  return page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
}
