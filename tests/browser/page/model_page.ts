import { expect, type Locator, type Page } from "@playwright/test";
import type { Start } from "./host.js";
import { openWidget } from "./open.js";
import type { Scenario } from "./scenarios.js";

/** A model view on the page, as a person finds it. */
export class ModelPage {
  readonly root: Locator;

  constructor(
    readonly page: Page,
    region = "Model",
  ) {
    this.root = page.getByRole("region", { name: region, exact: true });
  }

  get grid(): Locator {
    return this.root.getByRole("grid");
  }

  get tooltip(): Locator {
    return this.root.getByRole("tooltip");
  }

  get enlarged(): Locator {
    return this.root.getByRole("region", { name: "Enlarged head" });
  }

  cell(layer: number, head: number): Locator {
    return this.grid.getByRole("gridcell", { name: new RegExp(`^layer ${layer}, head ${head}(,|$)`) });
  }

  choice(name: string): Locator {
    return this.root.getByRole("radio", { name });
  }

  /** Waits until so many layers are drawn. */
  async expectLayers(count: number): Promise<void> {
    await expect(this.grid.locator("canvas")).toHaveAttribute("data-layers", String(count));
  }

  /** The heads that are drawn, such as "1 3". */
  async expectDrawn(cells: string[]): Promise<void> {
    const drawn = () =>
      this.grid
        .locator('[aria-selected="true"]')
        .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.cell));
    await expect.poll(drawn).toEqual(cells);
  }

  /** Distances of a head's pixels from the colour of zero, `[down][across]` in CSS pixels, without the frame. */
  async pixels(layer: number, head: number): Promise<number[][]> {
    const place = await this.cell(layer, head).boundingBox();
    if (place === null) throw new Error("not on the page");
    return this.grid.locator("canvas").evaluate((canvas: HTMLCanvasElement, box) => {
      const frame = canvas.getBoundingClientRect();
      const ratio = canvas.width / frame.width;
      const size = Math.round((box.width - 2) * ratio);
      const [left, top] = [(box.x - frame.left + 1) * ratio, (box.y - frame.top + 1) * ratio].map(Math.round);
      const { data } = canvas.getContext("2d")?.getImageData(left, top, size, size) ?? { data: [] };
      const root = canvas.closest(".headscope") as Element;
      const style = getComputedStyle(root);
      const [ground, ink] = [style.backgroundColor, style.color].map((one) => (one.match(/\d+/g) ?? []).map(Number));
      const light = (rgb: readonly number[]) => 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
      const zero = light(ground.map((byte, at) => byte + 0.04 * (ink[at] - byte)));
      const away = (x: number, y: number) => {
        const at = 4 * (Math.floor(y * ratio) * size + Math.floor(x * ratio));
        return data[at + 3] === 0 ? -1 : Math.abs(light([data[at], data[at + 1], data[at + 2]]) - zero);
      };
      const count = Math.round(size / ratio);
      return Array.from({ length: count }, (_, y) => Array.from({ length: count }, (__, x) => away(x, y)));
    }, place);
  }

  steps(): Promise<Record<string, unknown>[]> {
    return this.page.evaluate(() => window.host.model.steps);
  }

  async expectLastStep(step: Record<string, unknown>): Promise<void> {
    await expect.poll(async () => (await this.steps()).at(-1)).toEqual(step);
  }

  push(traits: Record<string, unknown>): Promise<void> {
    return this.page.evaluate((values) => window.host.model.push(values), traits);
  }

  /** What was asked of the kernel about pictures. */
  asked(): Promise<Record<string, unknown>[]> {
    return this.page.evaluate(() =>
      window.host.kernel.received.filter(({ op }) => op === "thumbnails").map(({ args }) => ({ ...args })),
    );
  }
}

/** Opens a page that shows one model view, with nothing under the pointer. */
export async function openModel(
  page: Page,
  scenario: Scenario,
  start: Omit<Start, "scenario" | "kind"> = {},
): Promise<ModelPage> {
  await openWidget(page, { scenario, kind: "model", ...start });
  const view = new ModelPage(page);
  await expect(view.grid).toBeVisible();
  return view;
}
