/** The explorer on a page: the path, the panes and their border, the way back, the keys, the code. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { openWidget } from "./page/open.js";
import type { Scenario } from "./page/scenarios.js";

const PINNED = { layer: 1, heads: [2, 3, 4, 8], head: 4, query: 8, key: 4, neuron: 9, scale: "neuron" };

class Explorer {
  readonly root: Locator;

  constructor(readonly page: Page) {
    this.root = page.getByRole("region", { name: "Explorer" });
  }

  pane(name: "Model" | "Attention heads" | "Neurons"): Locator {
    return this.root.getByRole("region", { name, exact: true });
  }

  get path(): Locator {
    return this.root.getByRole("navigation", { name: "Path" }).getByRole("button");
  }

  column(name: RegExp): Locator {
    return this.pane("Attention heads").getByRole("listbox", { name });
  }

  button(name: string): Locator {
    return this.root.getByRole("button", { name, exact: true });
  }

  get divider(): Locator {
    return this.root.getByRole("separator", { name: "Width of the head pane" });
  }

  async steps(): Promise<Record<string, unknown>[]> {
    return this.page.evaluate(() => window.host.model.steps);
  }

  async expectLastStep(step: Record<string, unknown>): Promise<void> {
    await expect.poll(async () => (await this.steps()).at(-1)).toEqual(step);
  }
}

async function open(
  page: Page,
  traits: Record<string, unknown> = PINNED,
  scenario: Scenario = "sentence",
): Promise<Explorer> {
  await openWidget(page, { scenario, kind: "explorer", traits });
  const explorer = new Explorer(page);
  await expect(explorer.pane("Attention heads")).toBeVisible();
  return explorer;
}

test.describe("the path", () => {
  test("names every level, and each of its steps goes there and unpins what is below", async ({ page }) => {
    const explorer = await open(page);
    await expect(explorer.path).toHaveText(["Model", "layer 1", "head 4", "She", "nurse", "neuron 9"]);
    await expect(explorer.path.last()).toHaveAttribute("aria-current", "location");
    for (const [index, step, left] of [
      [4, { neuron: null, scale: "head" }, 5],
      [3, { key: null }, 4],
      [1, { query: null }, 3],
      [0, { scale: "model" }, 3],
    ] as const) {
      await explorer.path.nth(index).click();
      await explorer.expectLastStep(step);
      await expect(explorer.path).toHaveCount(left);
    }
  });

  test("is one tab stop, in which arrows move", async ({ page }) => {
    const explorer = await open(page);
    await explorer.path.last().focus();
    await page.keyboard.press("ArrowLeft");
    await expect(explorer.path.nth(4)).toBeFocused();
    await page.keyboard.press("Home");
    await expect(explorer.path.first()).toBeFocused();
  });

  test("has the part where there are several", async ({ page }) => {
    const explorer = await open(page, { part: "cross", layer: 0, query: 2, key: 3 }, "speech");
    await expect(explorer.path).toContainText(["Model", "cross", "layer 0"]);
    await explorer.root.getByRole("radio", { name: "encoder" }).click();
    await expect(explorer.path).toContainText(["Model", "encoder", "layer 0"]);
  });
});

test.describe("undo and redo", () => {
  test("go back and forth over what was selected and set, each in one step", async ({ page }) => {
    const explorer = await open(page, { layer: 1, scale: "model" });
    await expect(explorer.button("Undo")).toBeDisabled();
    await explorer
      .column(/^Looks from/)
      .locator('[data-entry="8"]')
      .click();
    await explorer.root.getByRole("switch", { name: "hide first token" }).click();
    await page.evaluate(() => window.host.model.push({ layer: 2, key: 4 }));
    await expect(explorer.path).toHaveText(["Model", "layer 2", "head 0", "She", "nurse"]);
    await explorer.button("Undo").click();
    await explorer.expectLastStep({ layer: 1, key: null });
    await explorer.button("Undo").click();
    await explorer.expectLastStep({ hide_first: false });
    await page.keyboard.press("z");
    await explorer.expectLastStep({ query: null, scale: "model" });
    await expect(explorer.button("Undo")).toBeDisabled();
    await page.keyboard.press("Shift+Z");
    await explorer.expectLastStep({ query: 8, scale: "head" });
  });
});

test.describe("the keyboard", () => {
  test("goes down and up the scales, and to where it then is", async ({ page }) => {
    const explorer = await open(page, { layer: 1 });
    await explorer.pane("Model").locator('[role="gridcell"][tabindex="0"]').focus();
    await page.keyboard.press("Enter");
    const queries = explorer.column(/^Looks from/);
    await expect(queries).toBeFocused();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await explorer.expectLastStep({ query: 1, scale: "neuron" });
    const neurons = explorer.root.getByRole("listbox", { name: "Neurons" });
    await expect(neurons).toBeFocused();
    await page.keyboard.press("Backspace");
    await explorer.expectLastStep({ scale: "head" });
    await expect(queries).toBeFocused();
    await page.keyboard.press("Backspace");
    await explorer.expectLastStep({ scale: "model" });
    await expect(explorer.pane("Model").locator('[role="gridcell"]:focus')).toHaveCount(1);
  });

  test("unpins the innermost first, whatever pane it is in", async ({ page }) => {
    const explorer = await open(page);
    await explorer.path.first().focus();
    for (const step of [{ neuron: null }, { key: null }, { query: null }]) {
      await page.keyboard.press("Escape");
      await explorer.expectLastStep(step);
    }
  });

  test("means the same in every pane, and ? lists it", async ({ page }) => {
    const explorer = await open(page);
    const stops = [
      explorer.pane("Model").locator('[role="gridcell"][tabindex="0"]'),
      explorer.column(/^To/),
      explorer.root.getByRole("listbox", { name: "Neurons" }),
    ];
    for (const [index, stop] of stops.entries()) {
      await stop.focus();
      await page.keyboard.press("h");
      await expect.poll(async () => (await explorer.steps()).at(-1)).toMatchObject({ hide_first: index % 2 === 0 });
      await page.keyboard.press("o");
    }
    await explorer.expectLastStep({ order: "contribution" }); // after all three of them
    await page.keyboard.press("?");
    await expect(explorer.root.getByLabel("Keys", { exact: true })).toContainText("go deeper: head, token, neuron");
  });
});

test.describe("the panes", () => {
  test("have their rows in line where they stand side by side", async ({ page }) => {
    await page.setViewportSize({ width: 1080, height: 1000 });
    const explorer = await open(page);
    const [heads, neurons] = [explorer.pane("Attention heads"), explorer.pane("Neurons")];
    const tops = await Promise.all(
      [heads, neurons].map(async (pane) => (await pane.locator(".pane-body").boundingBox())?.y),
    );
    expect(tops[0]).toBe(tops[1]);
    await expect(neurons.getByRole("listbox", { name: /^To|keys/i })).toHaveCount(0); // the head pane names the rows
  });

  test("stand one above the other in a narrow cell; then the neurons have tokens of their own", async ({ page }) => {
    await page.setViewportSize({ width: 700, height: 1000 });
    const explorer = await open(page);
    const [heads, neurons] = [explorer.pane("Attention heads"), explorer.pane("Neurons")];
    const [above, below] = [await heads.boundingBox(), await neurons.boundingBox()];
    expect(below?.y).toBeGreaterThanOrEqual((above?.y ?? 0) + (above?.height ?? 0));
    await expect(neurons.getByRole("option", { name: "question, position 6" })).toBeVisible();
    await expect(explorer.divider).toHaveCount(0);
  });

  for (const width of [420, 500, 899, 900]) {
    test(`never reach over the edge of a cell of ${width} px`, async ({ page }) => {
      await page.setViewportSize({ width, height: 1000 });
      const explorer = await open(page);
      const [inner, outer] = await explorer.root.evaluate((root) => [root.scrollWidth, root.clientWidth]);
      expect(inner).toBeLessThanOrEqual(outer);
    });
  }

  test("fold to their titles and unfold again, and Python knows", async ({ page }) => {
    const explorer = await open(page);
    await explorer.button("Neurons").click();
    await explorer.expectLastStep({ folded: ["neuron"] });
    await expect(explorer.pane("Neurons")).toHaveCount(0);
    const width = async () => (await explorer.pane("Attention heads").boundingBox())?.width ?? 0;
    await expect.poll(width).toBeGreaterThan(1000);
    await page.evaluate(() => window.host.model.push({ folded: ["model", "head"] }));
    await expect(explorer.pane("Neurons")).toBeVisible();
    await expect(explorer.pane("Attention heads")).toHaveCount(0);
    await expect(explorer.pane("Model").getByRole("row")).toHaveCount(1); // heads can still be chosen
    await explorer.button("Heads").click();
    await explorer.expectLastStep({ folded: ["model"] });
    await expect(explorer.pane("Attention heads")).toBeVisible();
  });

  test("keep the keyboard's token in the neurons while sub-words merge, also with the heads folded", async ({
    page,
  }) => {
    const explorer = await open(page, PINNED, "pair");
    await page.evaluate(() => window.host.model.push({ folded: ["head"] }));
    const rows = explorer.pane("Neurons").locator("[data-row]");
    await explorer
      .pane("Neurons")
      .getByRole("listbox", { name: /^Tokens/ })
      .focus();
    await page.keyboard.press("End");
    await expect(rows.nth(10)).toHaveClass(/told/);
    await page.keyboard.press("w");
    await expect(rows).toHaveCount(9);
    await expect(rows.nth(8)).toHaveClass(/told/);
    await expect(explorer.root.getByRole("alert")).toHaveCount(0);
  });

  test("bring into view what Python pins, also with the heads folded", async ({ page }) => {
    const explorer = await open(page, { layer: 0, heads: [2], head: 2 }, "patterns");
    await page.evaluate(() => window.host.model.push({ folded: ["model", "head"] }));
    await page.evaluate(() => window.host.model.push({ query: 90 }));
    await expect(explorer.pane("Neurons").locator('[data-row="90"]')).toBeInViewport();
  });

  test("share the width as the border between them is dragged: one step when it is let go", async ({ page }) => {
    const explorer = await open(page);
    const before = (await explorer.pane("Attention heads").boundingBox())?.width ?? 0;
    const box = await explorer.divider.boundingBox();
    if (box === null) throw new Error("no border");
    const [x, y] = [box.x + box.width / 2, box.y + 40];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 60, y);
    await page.mouse.move(x + 100, y);
    await expect
      .poll(async () => (await explorer.pane("Attention heads").boundingBox())?.width)
      .toBeGreaterThan(before + 80);
    expect(await explorer.steps()).toEqual([]);
    await page.mouse.up();
    await expect.poll(async () => (await explorer.steps()).length).toBe(1);
    const [{ split }] = (await explorer.steps()) as { split: number }[];
    expect(split).toBeGreaterThan(0.48);
    await expect(explorer.divider).toHaveAttribute("aria-valuenow", String(Math.round(100 * split)));
    await explorer.divider.focus();
    await page.keyboard.press("ArrowLeft");
    await explorer.expectLastStep({ split: Math.round(100 * split - 2) / 100 });
  });
});

test.describe("the tools on top", () => {
  test("choose the part: columns of different lengths and kinds, each named", async ({ page }) => {
    const explorer = await open(page, { part: "decoder", query: 2 }, "speech");
    await explorer.root.getByRole("radiogroup", { name: "Part" }).getByRole("radio", { name: "cross" }).click();
    await explorer.expectLastStep({ part: "cross" }); // the pinned query is the same token there
    await expect(explorer.column(/^Looks from/).getByRole("option")).toHaveCount(5);
    await expect(explorer.column(/^To/).getByRole("option")).toHaveCount(9);
    await expect(explorer.pane("Attention heads").getByText("to second")).toBeVisible();
  });

  test("choose the measure for all panes", async ({ page }) => {
    const explorer = await open(page);
    await explorer.root.getByRole("radio", { name: /^weight times the norm/ }).click();
    await explorer.expectLastStep({ measure: "value_norm" });
    for (const [pane, text] of [
      ["Model", "weight × norm of the value"],
      ["Attention heads", "of the weight × norm from"],
      ["Neurons", "× norm"],
    ] as const) {
      await expect(explorer.pane(pane)).toContainText(text);
    }
  });

  test("say why there is no norm of the values", async ({ page }) => {
    const explorer = await open(page, PINNED, "noNorms");
    const measure = explorer.root.getByRole("radiogroup", { name: "Measure" });
    await expect(measure).toHaveAttribute("aria-disabled", "true");
    await measure.hover();
    await expect(explorer.root.getByRole("tooltip")).toHaveText(
      "no output projection of layers.0.self_attn was found.",
    );
    await measure.getByRole("radio", { name: /^weight times/ }).click({ force: true });
    expect(await explorer.steps()).toEqual([]);
  });
});

test("the neurons follow a pointer where it rests, and a click at once", async ({ page }) => {
  await page.clock.install();
  const explorer = await open(page, { ...PINNED, key: null, neuron: null });
  await page.clock.pauseAt(Date.now() + 3_600_000);
  const neurons = explorer.pane("Neurons");
  const token = (entry: number) => explorer.column(/^Looks from/).locator(`[data-entry="${entry}"]`);
  const label = async (entry: number) => (await token(entry).locator(".token").innerText()).replace("·", "");
  await expect(neurons).toContainText("layer 1, head 4: She");
  for (const [entry, rest] of [
    [1, 60],
    [2, 110], // its tooltip has come, its neurons not yet
    [3, 60],
  ]) {
    await token(entry).hover();
    await page.clock.runFor(rest);
    await expect(neurons).toContainText("layer 1, head 4: She");
  }
  await page.clock.runFor(60);
  await expect(neurons).toContainText(`layer 1, head 4: ${await label(3)}`);
  await token(5).click();
  await page.clock.runFor(20);
  await expect(neurons).toContainText(`layer 1, head 4: ${await label(5)}`);
});

test("a pointer that jumps from a key over to its row in the neurons is on that row", async ({ page }) => {
  const explorer = await open(page, { ...PINNED, key: null, neuron: null });
  const neurons = explorer.pane("Neurons");
  const row = neurons.locator('[data-row="2"]');
  await explorer.column(/^To/).locator('[data-entry="2"]').hover();
  await expect(row).toHaveClass(/lit/);
  const [strips, at] = [await neurons.locator(".neuron-strips canvas").boundingBox(), await row.boundingBox()];
  if (strips === null || at === null) throw new Error("no neurons on the page");
  await page.mouse.move(strips.x + strips.width - 20, at.y + at.height / 2);
  const tooltip = explorer.root.getByRole("tooltip");
  await expect(tooltip).toContainText(/^neuron \d+, rank/);
  await expect(row).toHaveClass(/lit/);
  const said = await tooltip.textContent();
  await page.mouse.move(strips.x + strips.width - 20, at.y + at.height / 2 + 1); // a little further on the same row
  await expect(tooltip).toHaveText(said ?? "");
  expect(said).toContain((await row.locator(".unseen").first().textContent()) ?? "no label");
});

test.describe("copy as code", () => {
  const CODE =
    'view.select(layer=1, heads=[2, 3, 4, 8], head=4, query=8, key=4, neuron=9, scale="neuron")\nview.hide_first = True';

  test("puts the lines on the clipboard", async ({ page, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const explorer = await open(page, { ...PINNED, hide_first: true });
    await explorer.button("copy as code").click();
    await expect(explorer.button("copied")).toBeVisible();
    await expect(explorer.root.getByRole("status").last()).toHaveText("Copied");
    await explorer.path.first().focus();
    await page.keyboard.press("?");
    await page.evaluate(() =>
      document.getElementById("below")?.insertAdjacentHTML("beforeend", "<textarea></textarea>"),
    );
    await page.locator("#below textarea").focus();
    await page.keyboard.press("Control+V");
    await expect(page.locator("#below textarea")).toHaveValue(CODE);
  });

  test("shows them, selected, where the page may not use the clipboard", async ({ page }) => {
    const explorer = await open(page, { ...PINNED, hide_first: true });
    await page.evaluate(() => {
      document.execCommand = () => false;
    });
    await explorer.path.first().focus();
    await page.keyboard.press("c");
    const box = explorer.root.getByRole("textbox", { name: "This view as code" });
    await expect(box).toBeFocused();
    const selected = await box.evaluate((area: HTMLTextAreaElement) =>
      area.value.slice(area.selectionStart, area.selectionEnd),
    );
    expect(selected).toBe(CODE);
    await page.keyboard.press("Escape");
    await expect(box).toHaveCount(0);
    expect(await explorer.steps()).toEqual([]);
  });
});
