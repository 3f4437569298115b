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

/** What the page answers when Python asks for a figure. */
interface Answer {
  id: string;
  svg?: string;
  png?: string;
  error?: string;
}

/** Asks for figures as Python does; answers with what has come of them so far. */
async function ask(page: Page, question: Record<string, unknown>): Promise<() => Promise<Answer[]>> {
  const asked = { kind: "figure", id: "one", form: "svg", theme: null, width: null, scale: 1, ...question };
  await page.evaluate((content) => {
    const sent: unknown[] = [];
    const onSend = window.host.model.onSend;
    window.host.model.onSend = (one) => {
      if ((one as { kind?: string }).kind === "figure") sent.push(one);
      else onSend(one);
    };
    Object.assign(window, { sent });
    window.host.model.deliver(content);
  }, asked);
  return () => page.evaluate(() => (window as unknown as { sent: Answer[] }).sent);
}

async function answerTo(page: Page, question: Record<string, unknown>): Promise<Answer> {
  const answers = await ask(page, question);
  await expect.poll(async () => (await answers()).length).toBe(1);
  return (await answers())[0];
}

for (const [kind, { region, ...start }] of Object.entries(STARTS)) {
  test(`a figure of the ${kind} view in the other theme is what the screen would be, which stays as it is`, async ({
    page,
  }) => {
    await page.setViewportSize({ width: 1100, height: 1400 });
    await openWidget(page, { ...start, traits: { ...start.traits, theme: "dark" } });
    await expect(page.getByRole("region", { name: region, exact: true }).first()).toBeVisible();
    const widget = page.locator(".headscope");
    const { svg = "" } = await answerTo(page, { theme: "light" });
    await expect(widget).toHaveCount(1);
    await expect(widget).toHaveAttribute("data-theme", "dark");
    expect(await page.evaluate(() => window.host.model.steps)).toEqual([]);
    await page.evaluate(() => window.host.model.push({ theme: "light" }));
    await expect(widget).toHaveAttribute("data-theme", "light");
    const { svg: after = "" } = await answerTo(page, {});
    expect(await unlike(page, rendered(svg), rendered(after))).toBeLessThan(0.0004);
  });

  test(`a figure of the ${kind} view for a column is laid out for it`, async ({ page }) => {
    await openWidget(page, { ...start, traits: { ...start.traits, theme: "dark" } });
    await expect(page.getByRole("region", { name: region, exact: true }).first()).toBeVisible();
    const { svg = "" } = await answerTo(page, { theme: "light", width: 140 });
    const [, width, height, across, down] =
      /^<svg [^>]*width="([\d.]+)mm" height="([\d.]+)mm" viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)?.map(Number) ?? [];
    expect(width).toBe(140);
    expect(across).toBeCloseTo((140 * 96) / 25.4, 0);
    expect(height / width).toBeCloseTo(down / across, 3);
    expect((await textsIn(page, svg)).texts.filter((text) => text === "nurse").length).toBeGreaterThan(
      kind === "model" ? -1 : 1,
    );
    writeFileSync(`${FOLDER}/figure_${kind}_column.svg`, svg);
    writeFileSync(`${FOLDER}/figure_${kind}_column.png`, rendered(svg));
  });
}

test("a PNG is the very SVG, at the scale that was asked for", async ({ page }) => {
  const { region, ...start } = STARTS.head;
  await openWidget(page, start);
  const root = page.getByRole("region", { name: region, exact: true }).first();
  const { svg, screen } = await figure(page, root);
  const { png = "" } = await answerTo(page, { form: "png", scale: 1 });
  expect(await unlike(page, Buffer.from(png, "base64"), screen)).toBeLessThan(0.0004);
  const { png: twice = "" } = await answerTo(page, { form: "png", scale: 2 });
  const data = Buffer.from(twice, "base64");
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)?.map(Number) ?? [];
  expect([data.readUInt32BE(16), data.readUInt32BE(20)]).toEqual([2 * width, 2 * height].map(Math.round));
  const download = page.waitForEvent("download");
  await root.locator('[tabindex="0"]').first().press("Shift+F");
  expect((await download).suggestedFilename()).toMatch(/^head layer \d+ head 4\.png$/);
  expect((await answerTo(page, { form: "png", scale: 16, width: 1000 })).error).toContain("choose a smaller scale");
  await expect(page.getByRole("alert")).toContainText("choose a smaller scale");
});

test("a view that is scrolled off the page answers when it is back, with what it shows", async ({ page }) => {
  await openWidget(page, STARTS.head);
  await expect(page.getByRole("region", { name: "Attention heads" })).toBeVisible();
  await page.evaluate(() => document.getElementById("cell")?.style.setProperty("display", "none"));
  const answers = await ask(page, {});
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  expect(await answers()).toEqual([]);
  await page.evaluate(() => document.getElementById("cell")?.style.removeProperty("display"));
  await expect.poll(async () => (await answers()).length).toBe(1);
  expect((await textsIn(page, (await answers())[0].svg ?? "")).texts).toContain("nurse");
});

/** Selects a head of a layer that the kernel is slow to send. */
function selectSlowly(page: Page): Promise<void> {
  return page.evaluate(() => {
    window.host.kernel.manners = "silent";
    window.host.model.push({ layer: 1, heads: [3], head: 3 });
  });
}

for (const [name, question] of Object.entries({ "as it is shown": {}, "for a column": { width: 85 } })) {
  test(`a figure ${name} waits for the layer that was selected before it was asked for`, async ({ page }) => {
    await openWidget(page, STARTS.neuron);
    await expect(page.getByRole("region", { name: "Neurons" })).toBeVisible();
    const { svg: before = "" } = await answerTo(page, question);
    await selectSlowly(page);
    const answers = await ask(page, question);
    await expect(page.getByRole("progressbar").first()).toBeVisible(); // a while after it was asked for
    expect(await answers()).toEqual([]);
    await page.evaluate(() => window.host.kernel.wake());
    await expect.poll(async () => (await answers()).length).toBe(1);
    const { svg = "" } = (await answers())[0];
    expect(svg).not.toBe(before);
    expect(svg).toBe((await answerTo(page, question)).svg); // of what has long been there
  });
}

test("the key waits for the layer too", async ({ page }) => {
  await openWidget(page, STARTS.head);
  const root = page.getByRole("region", { name: "Attention heads", exact: true }).first();
  await expect(root).toBeVisible();
  await selectSlowly(page);
  const download = page.waitForEvent("download");
  await root.locator('[tabindex="0"]').first().press("f");
  await expect(page.getByRole("progressbar").first()).toBeVisible();
  await page.evaluate(() => window.host.kernel.wake());
  const svg = readFileSync(await (await download).path(), "utf8");
  expect(svg.match(/<path [^>]*>/g)).toEqual((await answerTo(page, {})).svg?.match(/<path [^>]*>/g));
});

test("a pane that is folded is folded in the figure", async ({ page }) => {
  await openWidget(page, { ...STARTS.explorer, traits: { ...STARTS.explorer.traits, folded: ["head"] } });
  await expect(page.getByRole("region", { name: "Explorer" })).toBeVisible();
  const { svg = "" } = await answerTo(page, { theme: "dark" });
  const { texts } = await textsIn(page, svg);
  expect(texts).toEqual(expect.arrayContaining(["Model", "Heads", "Neurons"]));
  expect(texts).not.toContain("To (keys)");
});

test("ranks of heads are text of the figure, fonts end with one that every program has", async ({ page }) => {
  await openWidget(page, { ...STARTS.model, traits: { ...STARTS.model.traits, query: 8, key: 4, links: true } });
  await expect(page.locator(".cell[data-rank]").first()).toBeVisible();
  const { svg = "" } = await answerTo(page, {});
  const { texts } = await textsIn(page, svg);
  for (const rank of await page
    .locator(".cell[data-rank]")
    .evaluateAll((cells) => cells.map((cell) => cell.getAttribute("data-rank"))))
    expect(texts).toContain(rank);
  const fonts = await page.evaluate(
    (text) =>
      [...new DOMParser().parseFromString(text, "image/svg+xml").querySelectorAll("text")].map((one) =>
        one.getAttribute("font-family"),
      ),
    svg,
  );
  expect(fonts.filter((one) => !/(sans-serif|monospace)$/.test(one ?? ""))).toEqual([]);
  expect(svg).not.toContain("color(");
});

test("a figure that is too large is refused, and says what to do", async ({ page }) => {
  await openWidget(page, { scenario: "odd", kind: "head" });
  await expect(page.getByRole("region", { name: "Attention heads" })).toBeVisible();
  await page.evaluate(() => {
    const root = document.querySelector("#cell > div > div")?.shadowRoot?.querySelector(".headscope");
    root?.append(Object.assign(new Image(8, 8), { src: `data:image/png;base64,${"A".repeat(9_100_000)}` }));
  });
  const { error, svg } = await answerTo(page, {});
  expect(svg).toBeUndefined();
  expect(error).toMatch(/million characters.*9 million.*threshold.*PNG/);
  await expect(page.getByRole("alert")).toContainText("million characters");
});

test("the button of the explorer saves it too, named for what it shows", async ({ page }) => {
  await openWidget(page, { scenario: "sentence", kind: "explorer", traits: { layer: 2, heads: [4], head: 4 } });
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as a figure" }).click();
  expect((await download).suggestedFilename()).toBe("explorer layer 2 head 4.svg");
});
