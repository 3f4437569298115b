/** Views as vector figures: rendered by another program they match the screen, and their text is text. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { Resvg } from "@resvg/resvg-js";
import type { Start } from "./page/host.js";
import { openWidget } from "./page/open.js";

const FOLDER = "build/looks";

/** Saves what is shown as a figure, by its key, and takes a picture of the screen. */
async function figure(page: Page, root: Locator): Promise<{ svg: string; screen: Buffer }> {
  const download = page.waitForEvent("download");
  await root.locator('[tabindex="0"]').first().press("f");
  const svg = readFileSync(await (await download).path(), "utf8");
  return { svg, screen: await page.locator(".headscope").screenshot() };
}

/** Two pictures on one canvas: the share of pixels that differ by more than a little, blurred by 2 pixels. */
async function unlike(page: Page, a: Buffer, b: Buffer): Promise<number> {
  const urls = [a, b].map((png) => `data:image/png;base64,${png.toString("base64")}`);
  return page.evaluate(async (sources) => {
    const read = async (source: string) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.width, image.height];
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      context.filter = "blur(2px)"; // letters are drawn otherwise by every program
      context.drawImage(image, 0, 0);
      return context.getImageData(0, 0, canvas.width, canvas.height);
    };
    const [one, other] = [await read(sources[0]), await read(sources[1])];
    if (one.width !== other.width || one.height !== other.height) return 1;
    let count = 0;
    for (let at = 0; at < one.data.length; at += 4) {
      const differs = [0, 1, 2].some((channel) => Math.abs(one.data[at + channel] - other.data[at + channel]) > 48);
      if (differs) count += 1;
    }
    return count / (one.data.length / 4);
  }, urls);
}

function rendered(svg: string): Buffer {
  return Buffer.from(
    new Resvg(svg, {
      font: { loadSystemFonts: true, sansSerifFamily: "DejaVu Sans", monospaceFamily: "DejaVu Sans Mono" },
    })
      .render()
      .asPng(),
  );
}

const STARTS: Record<string, Start & { region: string }> = {
  head: { scenario: "sentence", kind: "head", traits: { heads: [2, 4], head: 4, query: 8 }, region: "Attention heads" },
  model: { scenario: "sentence", kind: "model", traits: { layer: 1, head: 4 }, region: "Model" },
  neuron: { scenario: "sentence", kind: "neuron", traits: { query: 8, key: 4 }, region: "Neurons" },
  explorer: { scenario: "sentence", kind: "explorer", traits: { query: 8, key: 4 }, region: "Explorer" },
};

for (const [kind, { region, ...start }] of Object.entries(STARTS)) {
  for (const theme of ["light", "dark"]) {
    test(`the figure of the ${kind} view matches the screen, ${theme}`, async ({ page }) => {
      await page.setViewportSize({ width: 1100, height: 1400 });
      await openWidget(page, { ...start, traits: { ...start.traits, theme } });
      const root = page.getByRole("region", { name: region, exact: true }).first();
      await expect(root).toBeVisible();
      const { svg, screen } = await figure(page, root);
      const png = rendered(svg);
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(`${FOLDER}/figure_${kind}_${theme}.svg`, svg);
      writeFileSync(`${FOLDER}/figure_${kind}_${theme}.png`, png);
      // A bar, a frame or a line of text that is missing is more than this.
      expect(await unlike(page, png, screen)).toBeLessThan(0.0004);
    });
  }
}

const textsIn = (page: Page, svg: string) =>
  page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    return {
      names: [...new Set([...parsed.querySelectorAll("*")].map(({ localName }) => localName))].sort(),
      texts: [...parsed.querySelectorAll("text")].map(({ textContent }) => textContent),
      paths: parsed.querySelectorAll("path").length,
    };
  }, svg);

test("text is text, lines are curves, and nothing is loaded from elsewhere", async ({ page }) => {
  const { region, ...start } = STARTS.head;
  await openWidget(page, start);
  const root = page.getByRole("region", { name: region, exact: true }).first();
  const { svg } = await figure(page, root);
  const { names, texts, paths } = await textsIn(page, svg);
  for (const token of ["nurse", "doctor", "She"]) expect(texts).toContain(token);
  expect(texts.filter((text) => text === "nurse")).toHaveLength(2);
  expect(paths).toBeGreaterThan(20);
  expect(names).toEqual(expect.arrayContaining(["svg", "text", "path", "rect"]));
  expect(names).not.toContain("foreignObject");
  expect(svg).not.toMatch(/href="(?!data:)/);
});

test("tokens that are markup, or no text at all, stay text", async ({ page }) => {
  await openWidget(page, { scenario: "odd", kind: "head" });
  const root = page.getByRole("region", { name: "Attention heads", exact: true }).first();
  const { svg } = await figure(page, root);
  const { names } = await textsIn(page, svg);
  for (const name of ["script", "img", "b", "parsererror"]) expect(names).not.toContain(name);
  expect(() => rendered(svg)).not.toThrow();
});

test("the button of the explorer saves it too, named for what it shows", async ({ page }) => {
  await openWidget(page, { scenario: "sentence", kind: "explorer", traits: { layer: 2, heads: [4], head: 4 } });
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as a figure" }).click();
  expect((await download).suggestedFilename()).toBe("explorer layer 2 head 4.svg");
});
