/** What the model wrote itself, step by step: the slider and the query that it pins. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import type { Kind } from "../../js/views/shared/frame_state.js";
import { audit } from "./page/audit.js";
import { openWidget } from "./page/open.js";
import type { Scenario } from "./page/scenarios.js";

const KINDS: readonly Kind[] = ["model", "head", "neuron", "explorer"];

/** A view of which four tokens were given: "She" is the fifth that was generated, from the row of ".". */
async function open(page: Page, kind: Kind, traits = {}, scenario: Scenario = "generation"): Promise<Locator> {
  await openWidget(page, { scenario, kind, traits });
  const shell = page.locator(".shell");
  await expect(shell).toBeVisible();
  return shell;
}

async function expectQuery(page: Page, query: number): Promise<void> {
  await expect.poll(() => page.evaluate(() => window.host.model.get("query"))).toBe(query);
}

for (const kind of KINDS) {
  test(`the ${kind} view pins the row that wrote a step's token`, async ({ page }) => {
    const shell = await open(page, kind);
    const slider = shell.getByRole("slider", { name: "Step of the generation" });
    await expect(slider).toHaveAttribute("aria-valuetext", "none");
    await expect(shell.locator(".steps")).toContainText("of 8");
    await shell.getByRole("button", { name: "Next step" }).click();
    await expectQuery(page, 3);
    await expect(shell.locator(".steps")).toContainText("1 of 8: wrote nurse");
    await slider.fill("5");
    await expectQuery(page, 7);
    await expect(slider).toHaveAttribute("aria-valuetext", "5 of 8: wrote She");
    await slider.press("ArrowRight");
    await expectQuery(page, 8);
    await slider.press(",");
    await expectQuery(page, 7);
  });

  test(`the ${kind} view moves the slider with the query`, async ({ page }) => {
    const shell = await open(page, kind, { query: 10 });
    const slider = shell.getByRole("slider", { name: "Step of the generation" });
    await expect(slider).toHaveValue("8");
    await expect(shell.getByRole("button", { name: "Next step" })).toHaveAttribute("aria-disabled", "true");
    await page.evaluate(() => window.host.model.push({ query: 5 }));
    await expect(slider).toHaveAttribute("aria-valuetext", "3 of 8: wrote question");
    await page.evaluate(() => window.host.model.push({ query: 1 }));
    await expect(slider).toHaveAttribute("aria-valuetext", "none");
  });
}

test("a drag of the slider is one step back, and the code says where one is", async ({ page }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const shell = await open(page, "explorer", { query: 1 });
  const box = await shell.getByRole("slider", { name: "Step of the generation" }).boundingBox();
  if (box === null) throw new Error("there is no slider");
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + 8, middle);
  await page.mouse.down();
  for (const share of [0.3, 0.6, 0.9]) await page.mouse.move(box.x + share * box.width, middle);
  await page.mouse.move(box.x + box.width - 1, middle);
  await page.mouse.up();
  await expectQuery(page, 10);
  const steps = await page.evaluate(() => window.host.model.steps);
  expect(steps.map(({ query }) => query).filter((query) => query !== 10).length).toBeGreaterThan(1);
  await shell.getByRole("button", { name: "copy as code" }).click();
  await expect(shell.getByRole("button", { name: "copied" })).toBeVisible();
  await page.evaluate(() => document.getElementById("below")?.insertAdjacentHTML("beforeend", "<textarea></textarea>"));
  await page.locator("#below textarea").focus();
  await page.keyboard.press("Control+V");
  await expect(page.locator("#below textarea")).toHaveValue(/query=10/);
  await shell.getByRole("button", { name: "Undo" }).click();
  await expectQuery(page, 1);
});

test("keys go through the steps wherever one is, and are the notebook's where nothing was generated", async ({
  page,
}) => {
  const shell = await open(page, "head");
  await shell.locator(".column.key").focus();
  await page.keyboard.press(".");
  await page.keyboard.press(".");
  await expectQuery(page, 4);
  await page.keyboard.press(",");
  await expectQuery(page, 3);
  await page.goto("about:blank");
  const plain = await open(page, "head", {}, "sentence");
  await expect(plain.locator(".steps")).toHaveCount(0);
  await page.evaluate(() => document.addEventListener("keydown", ({ key }) => (document.body.dataset.key = key)));
  await plain.locator(".column.key").focus();
  await page.keyboard.press(".");
  await expect(page.locator("body")).toHaveAttribute("data-key", ".");
});

test("what was generated is set off in the columns by a line and a bar, and said", async ({ page }) => {
  const shell = await open(page, "head");
  for (const side of ["query", "key"]) {
    const entries = shell.locator(`.column.${side} .entry`);
    await expect(entries.and(page.locator(".generated"))).toHaveCount(8);
    await expect(entries.and(page.locator(".generated-first"))).toHaveAttribute("data-entry", "4");
    await expect(entries.nth(3)).toHaveAccessibleName("the, position 3");
    await expect(entries.nth(4)).toHaveAccessibleName("nurse, position 4, generated");
  }
});

test("of a translation only the decoder has steps: the encoder wrote nothing", async ({ page }) => {
  const shell = await open(page, "explorer", { part: "cross" }, "translation");
  await shell.getByRole("button", { name: "Next step" }).click();
  await expectQuery(page, 0);
  await expect(shell.locator(".steps")).toContainText("1 of 3: wrote Der");
  await expect(shell.locator(".column.query .generated")).toHaveCount(3);
  await expect(shell.locator(".column.key .generated")).toHaveCount(0);
  await shell.getByRole("radio", { name: "encoder" }).click();
  await expect(shell.locator(".steps")).toHaveCount(0);
});

for (const theme of ["light", "dark"]) {
  for (const width of [560, 1080, 1600]) {
    test(`the slider has room at ${width} px, ${theme}`, async ({ page }) => {
      await page.setViewportSize({ width, height: 1200 });
      for (const kind of ["head", "explorer"] as const) {
        const shell = await open(page, kind, { theme, heads: [2, 4], head: 4, query: 7 });
        await expect(shell.locator(".steps")).toContainText("wrote She");
        await page.screenshot({ path: `test-results/looks/generation-${kind}-${theme}-${width}.png`, fullPage: true });
        await audit(shell);
        await page.goto("about:blank");
      }
    });
  }
}
