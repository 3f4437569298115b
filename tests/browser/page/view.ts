import { expect, type Locator, type Page } from "@playwright/test";
import type { SideName } from "../../../js/views/head/focus.js";

/** A head view on the page, as a person finds it. */
export class View {
  readonly root: Locator;

  constructor(
    readonly page: Page,
    index = 0,
  ) {
    this.root = page.getByRole("region", { name: "Attention heads" }).nth(index);
  }

  column(side: SideName): Locator {
    return this.root.getByRole("listbox", { name: side === "query" ? "Looks from (queries)" : "To (keys)" });
  }

  token(side: SideName, entry: number): Locator {
    return this.column(side).locator(`[data-entry="${entry}"]`);
  }

  head(head: number): Locator {
    return this.root.getByRole("button", { name: `Head ${head}`, exact: true });
  }

  control(name: string): Locator {
    return this.root.getByRole("switch", { name });
  }

  get tooltip(): Locator {
    return this.root.getByRole("tooltip");
  }

  /** The lines of the tooltip, each with single spaces. */
  async tips(): Promise<string[]> {
    const lines = await this.tooltip.locator(".says > *").allTextContents();
    return lines.map((line) => line.replace(/\s+/g, " ").trim());
  }

  /** The numbers beside the tokens in view. */
  async numbers(side: SideName): Promise<string[]> {
    return this.column(side).locator(".number").allTextContents();
  }

  async expectNumbers(side: SideName, numbers: string[]): Promise<void> {
    await expect.poll(() => this.numbers(side)).toEqual(numbers);
  }

  /** How many lines are drawn. */
  async expectLines(count: number): Promise<void> {
    await expect(this.root.locator("canvas.marks")).toHaveAttribute("data-lines", String(count));
  }

  /** How much ink the lines have where they meet a token: the largest alpha, 0 to 255. */
  async ink(side: SideName, entry: number): Promise<number> {
    const row = await this.token(side, entry).boundingBox();
    const column = await this.column(side).boundingBox();
    if (row === null || column === null) throw new Error("not on the page");
    const x = side === "query" ? column.x + column.width + 2 : column.x - 3;
    return this.#largestAlpha(x, row.y, 1, row.height);
  }

  /** The same for the shading beside a token. */
  async shade(side: SideName, entry: number): Promise<number> {
    const row = await this.token(side, entry).boundingBox();
    const token = await this.token(side, entry).locator(".token").boundingBox();
    if (row === null || token === null) throw new Error("not on the page");
    const x = side === "key" ? token.x + token.width : row.x + 34;
    return this.#largestAlpha(x, row.y, side === "key" ? row.width - token.width - 34 : token.x - x, row.height);
  }

  async #largestAlpha(x: number, y: number, width: number, height: number): Promise<number> {
    return this.root.locator("canvas.lines, canvas.marks").evaluateAll(
      (canvases, box) => {
        const alphas = (canvas: HTMLCanvasElement) => {
          const frame = canvas.getBoundingClientRect();
          const ratio = canvas.width / frame.width;
          const [left, top] = [(box.x - frame.left) * ratio, (box.y - frame.top) * ratio];
          const size = [Math.max(1, box.width * ratio), Math.max(1, box.height * ratio)] as const;
          const pixels = canvas.getContext("2d")?.getImageData(left, top, ...size).data ?? new Uint8ClampedArray();
          return [...pixels].filter((_, at) => at % 4 === 3);
        };
        const [below, above] = (canvases as HTMLCanvasElement[]).map(alphas);
        return above.reduce((most, alpha, at) => Math.max(most, alpha + (1 - alpha / 255) * (below[at] ?? 0)), 0);
      },
      { x, y, width, height },
    );
  }

  /** What Python was told, step by step. */
  steps(): Promise<Record<string, unknown>[]> {
    return this.page.evaluate(() => window.host.model.steps);
  }

  async expectLastStep(step: Record<string, unknown>): Promise<void> {
    await expect.poll(async () => (await this.steps()).at(-1)).toEqual(step);
  }

  /** Sets traits as Python does. */
  push(traits: Record<string, unknown>): Promise<void> {
    return this.page.evaluate((values) => window.host.model.push(values), traits);
  }
}
