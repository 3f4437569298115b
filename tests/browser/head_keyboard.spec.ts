/** The head view without a pointer: keys, focus, names and roles. */
import { expect, type Page, test } from "@playwright/test";
import { exact, short } from "../../js/views/shared/format.js";
import { open, reference } from "./page/reference.js";

const sentence = reference("sentence");

test.describe("the keyboard", () => {
  test("reaches everything, in order, with one stop for the chips and each column", async ({ page }) => {
    const view = await open(page, "pair");
    const stops: string[] = [];
    for (let at = 0; at < 14; at++) {
      await page.keyboard.press("Tab");
      stops.push(await focused(page));
    }
    expect(stops).toEqual([
      "All keys",
      "weight",
      "Layer",
      "Next layer",
      "Head 0",
      "lines between the tokens",
      "hide first token",
      "hide special tokens",
      "words",
      "all",
      "Looks from (queries)",
      "To (keys)",
      "Hide lines under a weight of",
      "", // out of the widget
    ]);
    await expect(view.root).toBeVisible();
  });

  test("alone is enough to choose a layer, a head and a token and to read the weight", async ({ page }) => {
    const view = await open(page, "sentence");
    for (let at = 0; at < 5; at++) await page.keyboard.press("Tab");
    await expect(view.head(0)).toBeFocused();
    await page.keyboard.press("]");
    await view.expectLastStep({ layer: 1 });
    await page.keyboard.press("Shift+Digit4");
    await view.expectLastStep({ heads: [4], head: 4 });
    for (let at = 0; at < 3; at++) await page.keyboard.press("ArrowRight");
    await expect(view.head(3)).toBeFocused();
    await page.keyboard.press("Space");
    await view.expectLastStep({ heads: [3, 4], head: 3 });
    await page.keyboard.press("4");
    await view.expectLastStep({ heads: [3] });
    await view.column("query").focus();
    await page.keyboard.press("End");
    for (let at = 0; at < 3; at++) await page.keyboard.press("ArrowUp");
    await expect(view.column("query")).toHaveAttribute("aria-activedescendant", "query-8");
    await page.keyboard.press("Enter");
    await view.expectLastStep({ query: 8 });
    await expect(view.root.getByRole("status")).toHaveText("Pinned query She, position 8");
    const weight = short(sentence.weights(1, 3)[8][4]);
    await expect(view.token("key", 4)).toHaveAccessibleName(`nurse, position 4, head 3 weight ${weight}`);
    await page.keyboard.press("ArrowRight");
    await expect(view.column("key")).toBeFocused();
    for (let at = 0; at < 4; at++) await page.keyboard.press("ArrowUp");
    await expect.poll(() => view.tips()).toEqual([`head 3: ${exact(sentence.weights(1, 3)[8][4])}`]);
    await page.keyboard.press("Space");
    await view.expectLastStep({ key: 4 });
  });

  test("has switches of its own", async ({ page }) => {
    const view = await open(page, "pair");
    await view.column("query").focus();
    for (const [key, name] of [
      ["h", "hide first token"],
      ["s", "hide special tokens"],
      ["w", "words"],
    ]) {
      await page.keyboard.press(key);
      await expect(view.control(name)).toHaveAttribute("aria-checked", "true");
    }
    await page.keyboard.press("0");
    await expect(view.head(0)).toHaveAttribute("aria-pressed", "false");
  });

  test("lists its keys, and Escape closes the list", async ({ page }) => {
    const view = await open(page, "sentence");
    await view.column("query").focus();
    await page.keyboard.press("?");
    await expect(view.root.getByText("unpin: neuron, key, then query")).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(view.root.getByText("unpin: neuron, key, then query")).toBeHidden();
  });

  test("leaves the notebook what it does not use, and gives it none that it uses", async ({ page }) => {
    const view = await open(page, "sentence");
    await page.evaluate(() => {
      const keys: string[] = [];
      document.addEventListener("keydown", (event) => {
        keys.push(event.key);
        document.body.dataset.keys = keys.join(" ");
      });
    });
    await view.column("query").focus();
    for (const key of ["ArrowDown", "Space", "h", "]", "5", "a", "Control+s"]) await page.keyboard.press(key);
    await expect(page.locator("body")).toHaveAttribute("data-keys", "a Control s");
    await view.root.getByRole("slider").focus();
    await page.keyboard.press("b");
    await view.root.getByLabel("Layer", { exact: true }).focus();
    await page.keyboard.press("d");
    await expect(page.locator("body")).toHaveAttribute("data-keys", "a Control s");
  });

  test("keeps JupyterLab's own shortcuts away from the view", async ({ page }) => {
    await open(page, "sentence");
    await expect(page.locator("#cell > div > div")).toHaveAttribute("data-lm-suppress-shortcuts", "true");
  });
});

function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
  });
}

test("has a name and a role for everything", async ({ page }) => {
  const view = await open(page, "pair", { traits: { query: 1 } });
  await expect(view.root).toMatchAriaSnapshot(`
    - region "Attention heads":
      - heading "Heads"
      - button "All keys"
      - button "Previous layer" [disabled]
      - combobox "Layer"
      - button "Next layer"
      - group "Heads":
        - button "Head 0" [pressed]
        - button "Head 1" [pressed]
      - switch "hide first token"
      - switch "hide special tokens"
      - switch "words"
      - radiogroup "Sentence filter":
        - radio "all" [checked]
        - radio "from sentence A to A"
      - listbox "Looks from (queries)":
        - option "[CLS], position 0"
        - option "play, position 1" [selected]
      - listbox "To (keys)":
        - option /\\[CLS\\], position 0, head 0 weight/
      - slider "Hide lines under a weight of"
      - status
  `);
});
