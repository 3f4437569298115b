/** Saved captures in a real VS Code: our extension is installed from its package, and no Python runs. */
import { readFileSync } from "node:fs";
import { expect, type FrameLocator, type Page, test } from "@playwright/test";
import { command, HOME, openCode, openFile } from "./code.js";

interface Numbers {
  row: number[];
  dot: number;
  neuron: number;
  product: number;
}

const numbers = (): Numbers => JSON.parse(readFileSync(`${HOME}/numbers.json`, "utf8"));

/** From the grid of heads to a head, a token and a weight, as a reader goes. */
async function goToNeurons(page: Page) {
  const editor = await openFile(page, "nurse.headscope");
  const explorer = editor.getByRole("region", { name: "Explorer" });
  await expect(explorer.locator('canvas.thumbs[data-layers="30"]')).toBeVisible();
  await explorer.getByRole("gridcell", { name: "layer 9, head 4", exact: true }).click();
  const side = (name: RegExp) => explorer.getByRole("listbox", { name });
  await side(/^Looks from/)
    .locator('[data-entry="8"]')
    .click();
  const to = side(/^To/).locator('[data-entry="4"]');
  return { editor, explorer, to };
}

test("grid, head, neuron: the numbers are Python's", async ({ page }) => {
  await openCode(page, "Light Modern");
  const { editor, explorer, to } = await goToNeurons(page);
  await expect(to.locator(".number")).toHaveText(numbers().row[4].toFixed(2).slice(1));
  await to.click();
  const { dot, row } = numbers();
  await expect(explorer.getByRole("region", { name: "Neurons" })).toContainText(dot.toFixed(2));
  await expect(explorer.getByRole("region", { name: "Neurons" })).toContainText(row[4].toFixed(4));
  await expect(editor.locator(".headscope")).toHaveAttribute("data-theme", "light");
  await page.screenshot({ path: "build/looks/vscode_light.png" });
});

/** That of the view, and that of an editor of VS Code. */
async function grounds(editor: FrameLocator): Promise<string[]> {
  const ground = (element: Element) => getComputedStyle(element).backgroundColor;
  const wanted = await editor.locator("body").evaluate((body) => {
    const probe = body.appendChild(document.createElement("p"));
    probe.style.background = "var(--vscode-editor-background)";
    const found = getComputedStyle(probe).backgroundColor;
    probe.remove();
    return found;
  });
  return [await editor.locator(".headscope").evaluate(ground), wanted];
}

for (const [theme, kind, name] of [
  ["Dark Modern", "dark", "vscode_dark"],
  ["Default High Contrast", "dark", "vscode_contrast"],
  ["Default High Contrast Light", "light", "vscode_contrast_light"],
] as const) {
  test(`the page has the colours of the theme "${theme}"`, async ({ page }) => {
    await openCode(page, theme);
    const { editor, to } = await goToNeurons(page);
    await to.click();
    await expect(editor.locator(".headscope")).toHaveAttribute("data-theme", kind);
    const [ground, wanted] = await grounds(editor);
    expect(ground).toBe(wanted);
    await page.screenshot({ path: `build/looks/${name}.png` });
  });
}

test("the page follows the theme while it is open", async ({ page }) => {
  await openCode(page, "Dark Modern");
  const editor = await openFile(page, "nurse.headscope");
  const view = editor.locator(".headscope");
  await expect(view).toHaveAttribute("data-theme", "dark");
  await command(page, "Preferences: Toggle between Light/Dark Themes");
  await expect(view).toHaveAttribute("data-theme", "light");
  const [ground, wanted] = await grounds(editor);
  expect(ground).toBe(wanted);
});

test("a file that is damaged says so in its place, and its text is text", async ({ page }) => {
  await openCode(page, "Light Modern");
  const damaged = (await openFile(page, "damaged.headscope")).getByRole("alert");
  await expect(damaged).toHaveText(
    /^damaged\.headscope is damaged: it has no ".*onerror.*"\. Save the capture again\.$/,
  );
  await expect(damaged.locator("*")).toHaveCount(0);
  await page.screenshot({ path: "build/looks/vscode_damaged.png" });
  const other = (await openFile(page, "text.headscope")).getByRole("alert");
  await expect(other).toHaveText("text.headscope is no saved capture, or is cut off: it has no header.");
});

test("tokens that look like markup are text", async ({ page }) => {
  await openCode(page, "Light Modern");
  const editor = await openFile(page, "markup.headscope");
  const explorer = editor.getByRole("region", { name: "Explorer" });
  await expect(explorer.getByRole("listbox", { name: /^Looks from/ })).toContainText("<script>alert(1)</script>");
  await expect(explorer.locator("script")).toHaveCount(0);
});

test("the page asks no network and may not, and runs nothing but its own script", async ({ page }) => {
  const refused: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) refused.push(message.text());
  });
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.frame().url().includes("fake.html")) asked.push(request.url());
  });
  await openCode(page, "Light Modern");
  const { editor, to } = await goToNeurons(page);
  await to.click();
  const body = editor.locator("body");
  expect(refused).toEqual([]);
  expect(asked.map((url) => new URL(url).pathname.split("/").at(-1))).toEqual(["webview.js"]);
  const answer = await body.evaluate(
    (_, url) =>
      fetch(url)
        .then(() => "answered")
        .catch(() => "refused"),
    page.url(),
  );
  expect(answer).toBe("refused");
  await body.evaluate((element) => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'reached'";
    element.append(script);
  });
  expect(await body.evaluate(() => document.title)).not.toBe("reached");
  await expect.poll(() => refused.join("\n")).toMatch(/Connecting to .*"default-src 'none'".*Executing inline script/s);
});

test("a view is found where it was left when its tab comes back", async ({ page }) => {
  await openCode(page, "Light Modern");
  const { explorer } = await goToNeurons(page);
  const path = explorer.getByRole("navigation", { name: "Path" });
  await expect(path).toContainText("She");
  await openFile(page, "text.headscope");
  await expect(path).toBeHidden();
  await openFile(page, "nurse.headscope");
  await expect(path).toContainText("layer 9");
  await expect(path).toContainText("She");
});

test("the picture is saved as SVG", async ({ page }) => {
  await openCode(page, "Light Modern");
  const { explorer } = await goToNeurons(page);
  const saving = page.waitForEvent("download");
  await explorer.getByRole("button", { name: "Save as a figure" }).click();
  expect((await saving).suggestedFilename()).toMatch(/layer 9 head 4\.svg$/);
});
