/** The head view as a guest: its host's theme and width, several views of one widget, and what is left when they go. */
import { expect, type Page, test } from "@playwright/test";
import { audit } from "./page/audit.js";
import { countLeaks } from "./page/leaks.js";
import { causal, open, reference } from "./page/reference.js";
import { View } from "./page/view.js";

const sentence = reference("sentence");
const DARK = "rgb(17, 17, 17)";
const LIGHT = "rgb(255, 255, 255)";

/** Puts JupyterLab's variables on a page, light, as the style sheet of ipywidgets does wherever there are widgets. */
function bringWidgets(page: Page): Promise<void> {
  return page.evaluate(() => {
    document.documentElement.style.setProperty("--jp-layout-color0", "white");
    document.documentElement.style.setProperty("--jp-ui-font-color1", "rgba(0, 0, 0, 0.87)");
    document.documentElement.style.setProperty("--jp-ui-font-family", "serif");
  });
}

/** VS Code's own themes: background and ink of the editor. */
const VSCODE: Record<string, readonly [string, string]> = {
  "vscode-dark": ["#1f1f1f", "#cccccc"],
  "vscode-light": ["#ffffff", "#3b3b3b"],
  "vscode-high-contrast": ["#000000", "#ffffff"],
  "vscode-high-contrast-light": ["#fefefe", "#292929"],
};

/** Plays VS Code, whatever the theme with a white ground right behind the widget. */
function becomeVscode(page: Page, kind: string): Promise<void> {
  return page.evaluate(
    ([name, background, ink]) => {
      const { style } = document.documentElement;
      style.setProperty("--vscode-editor-background", background);
      style.setProperty("--vscode-editor-foreground", ink);
      document.body.className = name.endsWith("contrast-light") ? `${name} vscode-high-contrast` : name;
      document.body.dataset.vscodeThemeKind = name;
      document.getElementById("cell")?.style.setProperty("background", "white", "important");
    },
    [kind, ...VSCODE[kind]] as const,
  );
}

function rgb(hex: string): string {
  return `rgb(${[1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(", ")})`;
}

test.describe("the theme", () => {
  const root = (page: Page) => page.locator(".headscope");

  for (const [background, theme] of [
    ["oklch(1 0 0)", "light"],
    ["oklch(0.2 0.02 260)", "dark"],
    ["lab(95 2 3)", "light"],
    ["color(display-p3 0.95 0.96 0.97)", "light"],
    ["color(display-p3 0.1 0.1 0.12)", "dark"],
  ]) {
    test(`reads a background of ${background} as ${theme}`, async ({ page }) => {
      await open(page, "sentence");
      const paint = (colour: string) =>
        page.evaluate((one) => {
          document.body.style.background = one;
        }, colour);
      await paint(theme === "dark" ? "white" : "black");
      await expect(root(page)).toHaveAttribute("data-theme", theme === "dark" ? "light" : "dark");
      await paint(background);
      await expect(root(page)).toHaveAttribute("data-theme", theme);
    });
  }

  test("follows the background that the host has, and its changes", async ({ page }) => {
    await open(page, "sentence");
    await expect(root(page)).toHaveCSS("background-color", LIGHT);
    await page.evaluate(() => {
      document.body.style.background = "#1e1e1e";
    });
    await expect(root(page)).toHaveAttribute("data-theme", "dark");
    await expect(root(page)).toHaveCSS("background-color", DARK);
  });

  test("follows JupyterLab's variables, and takes its colours", async ({ page }) => {
    await open(page, "sentence");
    await page.evaluate(() => {
      document.documentElement.style.setProperty("--jp-layout-color0", "#202124");
      document.documentElement.style.setProperty("--jp-ui-font-color1", "#fefefe");
      document.body.dataset.jpThemeLight = "false";
    });
    await expect(root(page)).toHaveAttribute("data-theme", "dark");
    await expect(root(page)).toHaveCSS("background-color", "rgb(32, 33, 36)");
    await expect(root(page)).toHaveCSS("color", "rgb(254, 254, 254)");
  });

  for (const [kind, [background, ink]] of Object.entries(VSCODE)) {
    test(`is ${kind} in VS Code, readable, on no white of widgets`, async ({ page }) => {
      await open(page, "sentence", { traits: { query: 3 } });
      await bringWidgets(page);
      await becomeVscode(page, kind);
      await expect(root(page)).toHaveAttribute("data-theme", kind.endsWith("light") ? "light" : "dark");
      await expect(root(page)).toHaveCSS("background-color", rgb(background));
      await expect(root(page)).toHaveCSS("color", rgb(ink));
      await page.screenshot({ path: `build/looks/${kind}.png` });
      await audit(root(page));
    });
  }

  test("follows VS Code from one theme to the next, by its class alone too", async ({ page }) => {
    const view = await open(page, "sentence");
    await becomeVscode(page, "vscode-dark");
    await expect(root(page)).toHaveCSS("background-color", "rgb(31, 31, 31)");
    await becomeVscode(page, "vscode-high-contrast-light");
    await expect(root(page)).toHaveCSS("background-color", "rgb(254, 254, 254)");
    await page.evaluate(() => {
      delete document.body.dataset.vscodeThemeKind;
      document.body.className = "vscode-high-contrast";
    });
    await expect(root(page)).toHaveAttribute("data-theme", "dark");
    await view.push({ theme: "light" });
    await expect(root(page)).toHaveCSS("background-color", LIGHT);
  });

  test("is no other host's because widgets bring JupyterLab's variables along", async ({ page }) => {
    await open(page, "sentence");
    await bringWidgets(page);
    await page.evaluate(() => {
      document.body.style.background = "#1e1e1e";
    });
    await expect(root(page)).toHaveCSS("background-color", DARK);
    await expect(root(page)).not.toHaveCSS("font-family", "serif");
    await audit(root(page));
  });

  test("is the one that Colab states, or the only scheme of a page", async ({ page }) => {
    await open(page, "sentence");
    const state = (theme: string, scheme: string) =>
      page.evaluate(
        (stated) => {
          document.body.style.background = "transparent";
          document.documentElement.setAttribute("theme", stated[0]);
          document.documentElement.style.colorScheme = stated[1];
        },
        [theme, scheme],
      );
    await state("dark", "");
    await expect(root(page)).toHaveCSS("background-color", DARK);
    await state("light", "");
    await expect(root(page)).toHaveCSS("background-color", LIGHT);
    await state("", "dark");
    await expect(root(page)).toHaveCSS("background-color", DARK);
  });

  test("is the reader's where a page has both", async ({ page }) => {
    await open(page, "sentence");
    await page.evaluate(() => {
      document.body.style.background = "transparent";
      document.documentElement.style.colorScheme = "light dark";
    });
    await expect(root(page)).toHaveCSS("background-color", LIGHT);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect(root(page)).toHaveCSS("background-color", DARK);
    await page.emulateMedia({ colorScheme: "light" });
    await expect(root(page)).toHaveCSS("background-color", LIGHT);
  });

  test("is the trait's where that says so, with colours of our own", async ({ page }) => {
    const view = await open(page, "sentence");
    await page.evaluate(() => {
      document.body.dataset.jpThemeLight = "true";
      document.documentElement.style.setProperty("--jp-layout-color0", "#fafafa");
    });
    await view.push({ theme: "dark" });
    await expect(root(page)).toHaveCSS("background-color", DARK);
    await view.push({ theme: "light" });
    await expect(root(page)).toHaveCSS("background-color", "rgb(250, 250, 250)");
  });

  test("changes the colours of heads with it", async ({ page }) => {
    const view = await open(page, "sentence");
    await expect(view.head(2)).toHaveCSS("background-color", "rgb(247, 94, 137)");
    await view.push({ theme: "dark" });
    await expect(view.head(2)).toHaveCSS("background-color", "rgb(255, 153, 175)");
  });

  for (const theme of ["light", "dark"]) {
    test(`leaves ${theme} text readable: at least 4.5 to 1`, async ({ page }) => {
      await open(page, "sentence", { traits: { theme, query: 3, hide_first: true } });
      const worst = await page.locator(".headscope").evaluate((root) => {
        const numbers = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
        const luminance = (colour: readonly number[]) => {
          const [r, g, b] = colour.map((v) => (v / 255 <= 0.04045 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const background = (at: Element | null): number[] => {
          if (at === null) return [255, 255, 255];
          const [r, g, b, alpha = 1] = numbers(getComputedStyle(at).backgroundColor);
          const below = alpha < 1 ? background(at.parentElement) : [0, 0, 0];
          return [r, g, b].map((v, index) => alpha * v + (1 - alpha) * below[index]);
        };
        const disabled = '[aria-disabled="true"], [aria-disabled="true"] *, :disabled';
        const texts = [...root.querySelectorAll("*")].filter(
          (element) =>
            !element.matches(disabled) &&
            [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim()),
        );
        const contrasts = texts.map((element) => {
          const [dark, light] = [
            luminance(numbers(getComputedStyle(element).color)),
            luminance(background(element)),
          ].sort((a, b) => a - b);
          return (light + 0.05) / (dark + 0.05);
        });
        return Math.min(...contrasts);
      });
      expect(worst).toBeGreaterThanOrEqual(4.49);
    });
  }
});

test.describe("the width", () => {
  for (const width of [360, 480, 520, 760, 1080, 1600]) {
    test(`of ${width} pixels is enough`, async ({ page }) => {
      await page.setViewportSize({ width, height: 800 });
      const view = await open(page, "sentence", { traits: { query: 8 } });
      await view.expectNumbers("key", causal(sentence.weights(0, 0)[8], 8));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      const pane = await view.root.boundingBox();
      expect(pane?.width).toBe(Math.min(width, 760));
      const [query, key] = [await view.column("query").boundingBox(), await view.column("key").boundingBox()];
      expect((key?.x ?? 0) - (query?.x ?? 0) - (query?.width ?? 0)).toBeGreaterThan(100);
      const shade = await view.shade("key", 0);
      expect(shade > 0).toBe(width >= 424);
    });
  }

  test("is the widget's own and not the window's", async ({ page }) => {
    const view = await open(page, "sentence");
    await page.locator("#cell").evaluate((cell) => {
      cell.style.width = "420px";
    });
    await expect.poll(async () => (await view.root.boundingBox())?.width).toBe(420);
    await expect.poll(() => view.root.locator("canvas.marks").evaluate((canvas) => canvas.clientWidth)).toBe(396);
  });
});

test.describe("one widget shown twice", () => {
  test("shares what is selected and asked for, but not the pointer", async ({ page }) => {
    const first = await open(page, "sentence", { traits: { heads: [4], head: 4 } });
    await page.evaluate(() => window.host.render(document.body));
    const second = new View(page, 1);
    await first.root.getByRole("button", { name: "Next layer" }).click();
    await first.token("query", 8).click();
    for (const view of [first, second]) {
      await view.expectNumbers("key", causal(sentence.weights(1, 4)[8], 8));
      await expect(view.token("query", 8)).toHaveAttribute("aria-selected", "true");
    }
    const asked = () => window.host.kernel.received.filter(({ args }) => "layer" in args && args.layer === 1).length;
    expect(await page.evaluate(asked)).toBe(1); // the layers round it may be on their way
    await first.token("query", 3).hover();
    await first.expectNumbers("key", causal(sentence.weights(1, 4)[3], 3));
    await second.expectNumbers("key", causal(sentence.weights(1, 4)[8], 8));
  });

  test("goes on in one place when it goes in the other", async ({ page }) => {
    await open(page, "sentence", { traits: { heads: [4], head: 4 } });
    await page.evaluate(() => {
      window.host.render(document.body);
      window.host.views[0].unmount(); // the one that came first, and so made what both share
    });
    const left = new View(page);
    await left.push({ query: 8 });
    await left.expectNumbers("key", causal(sentence.weights(0, 4)[8], 8));
    await left.root.getByRole("button", { name: "Next layer" }).click();
    await left.expectNumbers("key", causal(sentence.weights(1, 4)[8], 8));
  });
});

/** The largest growth of any count. */
function growth<Count extends object>(before: Count, after: Count): number {
  const counts = Object.keys(before) as (keyof Count)[];
  return Math.max(...counts.map((name) => Number(after[name]) - Number(before[name])));
}

test.describe("a view that goes", () => {
  for (const withSignal of [true, false]) {
    test(`leaves nothing behind, ${withSignal ? "by its signal" : "in a host without signals"}`, async ({ page }) => {
      await countLeaks(page);
      const view = await open(page, "sentence", { withSignal });
      await page.evaluate(() => window.host.views[0].unmount());
      await expect(view.root).toHaveCount(0);
      const alive = () => page.evaluate(() => ({ ...window.alive, model: window.host.model.listenerCount }));
      const before = await alive();
      for (let at = 0; at < 5; at++) {
        await page.evaluate(() => window.host.render(document.getElementById("cell") ?? document.body));
        await view.token("query", 5).hover();
        await expect(view.tooltip).toBeVisible();
        await page.evaluate(() => window.host.views.at(-1)?.unmount());
        await expect(page.locator("canvas")).toHaveCount(0);
      }
      // Playwright has a timer and observers of its own that come and go; what five views leave behind is five or more.
      await expect.poll(async () => growth(before, await alive())).toBeLessThan(5);
      await page.evaluate(() => window.host.close());
      expect(await page.evaluate(() => window.host.model.listenerCount)).toBe(0);
    });
  }

  test("while it waits for the kernel ends its request", async ({ page }) => {
    await countLeaks(page);
    await open(page, "sentence");
    const before = await page.evaluate(() => window.alive.timers);
    await page.evaluate(() => {
      window.host.kernel.manners = "silent";
      window.host.model.push({ layer: 1 });
    });
    await expect.poll(() => page.evaluate(() => window.host.kernel.received.length)).toBe(1);
    await page.evaluate(() => window.host.views[0].unmount());
    const sent = await page.evaluate(() => window.host.kernel.received.map(({ kind }) => kind));
    expect(sent).toEqual(["request", "cancel"]);
    await expect.poll(() => page.evaluate(() => window.alive.timers)).toBe(before);
  });
});

test("motion is left out for those who want less of it", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const view = await open(page, "sentence");
  await expect(view.root.locator(".body")).toHaveCSS("transition-duration", "0s");
});

test("lines are sharp on a screen with more pixels", async ({ browser }) => {
  const context = await browser.newContext({ deviceScaleFactor: 2, viewport: { width: 1000, height: 800 } });
  const page = await context.newPage();
  const view = await open(page, "sentence");
  await expect
    .poll(() =>
      view.root.locator("canvas.lines").evaluate((canvas: HTMLCanvasElement) => canvas.width / canvas.clientWidth),
    )
    .toBe(2);
  await context.close();
});
