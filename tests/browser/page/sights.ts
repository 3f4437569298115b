import { expect, type Locator, type Page } from "@playwright/test";
import type { SideName } from "../../../js/views/head/focus.js";
import type { Start } from "./host.js";
import { openWidget } from "./open.js";

/** Both sides of a head view whose tokens are patches of a picture, as a person finds them. */
export class Sights {
  constructor(
    readonly page: Page,
    readonly root: Locator = page.locator(".shell"),
  ) {}

  static async open(page: Page, start: Start): Promise<Sights> {
    await openWidget(page, start);
    const sights = new Sights(page);
    await expect(sights.root.locator(".sights")).toBeVisible();
    return sights;
  }

  side(side: SideName): Locator {
    return this.root.getByRole("listbox", { name: side === "query" ? "Looks from (queries)" : "To (keys)" });
  }

  /** A token that is no patch. */
  piece(side: SideName, entry: number): Locator {
    return this.side(side).locator(`.piece[data-entry="${entry}"]`);
  }

  picture(side: SideName): Locator {
    return this.side(side).locator(".sight-picture");
  }

  /** Puts the pointer on a point of a picture, in shares of it. */
  async pointAt(side: SideName, x: number, y: number): Promise<void> {
    const { width, height } = await this.#sizeOf(side);
    await this.picture(side).hover({ position: { x: x * width, y: y * height } });
  }

  async click(side: SideName, x: number, y: number): Promise<void> {
    const { width, height } = await this.#sizeOf(side);
    await this.picture(side).click({ position: { x: x * width, y: y * height } });
  }

  async #sizeOf(side: SideName): Promise<{ width: number; height: number }> {
    const box = await this.picture(side).boundingBox();
    if (box === null) throw new Error(`there is no picture of the ${side} side`);
    return box;
  }

  /** The colour of the canvas at points of it, in shares: red, green, blue and alpha, 0 to 255. */
  pixels(side: SideName, points: readonly (readonly [x: number, y: number])[]): Promise<number[][]> {
    return this.picture(side)
      .locator("canvas")
      .evaluate((canvas: HTMLCanvasElement, at) => {
        const context = canvas.getContext("2d");
        return at.map(([x, y]) => {
          const pixel = context?.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1);
          return [...(pixel?.data ?? [])];
        });
      }, points);
  }

  /** How much colour is over the patches of a square without a picture, 0 to 1. */
  async alphas(side: SideName, count: number): Promise<number[]> {
    const middles = Array.from({ length: count * count }, (_, at) => {
      return [((at % count) + 0.5) / count, (Math.floor(at / count) + 0.5) / count] as const;
    });
    return (await this.pixels(side, middles)).map(([, , , alpha]) => alpha / 255);
  }

  /** The lines of the tooltip, each with single spaces. */
  async tips(): Promise<string[]> {
    const lines = await this.root.getByRole("tooltip").locator("> div:not(.says), .says > *").allTextContents();
    return lines.map((line) => line.replace(/\s+/g, " ").trim());
  }

  trait(name: string): Promise<unknown> {
    return this.page.evaluate((wanted) => window.host.model.get(wanted), name);
  }

  async expectTraits(traits: Record<string, unknown>): Promise<void> {
    for (const [name, value] of Object.entries(traits)) await expect.poll(() => this.trait(name)).toBe(value);
  }

  push(traits: Record<string, unknown>): Promise<void> {
    return this.page.evaluate((values) => window.host.model.push(values), traits);
  }
}
