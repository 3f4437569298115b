import { expect, type Locator, type Page } from "@playwright/test";
import type { Start } from "./host.js";
import { openWidget } from "./open.js";

interface Point {
  x: number;
  y: number;
}

async function box(locator: Locator) {
  const found = await locator.boundingBox();
  if (found === null) throw new Error("not on the page");
  return found;
}

/** A neuron view on the page, as a person finds it. */
export class NeuronPage {
  readonly root: Locator;

  constructor(readonly page: Page) {
    this.root = page.getByRole("region", { name: "Neurons" });
  }

  static async open(page: Page, start: Omit<Start, "kind">): Promise<NeuronPage> {
    await openWidget(page, { kind: "neuron", ...start });
    const view = new NeuronPage(page);
    await expect(view.root).toBeVisible();
    return view;
  }

  get strips(): Locator {
    return this.root.getByRole("listbox", { name: "Neurons" });
  }

  get tokens(): Locator {
    return this.root.getByRole("listbox", { name: /^Tokens that/ });
  }

  get tooltip(): Locator {
    return this.root.getByRole("tooltip");
  }

  row(entry: number): Locator {
    return this.root.locator(`[data-row="${entry}"]`);
  }

  choice(group: string, name: string): Locator {
    return this.root.getByRole("radiogroup", { name: group }).getByRole("radio", { name });
  }

  /** Numbers of a column, those of masked rows left out. */
  column(name: string): Promise<string[]> {
    return this.root.locator(`.neuron-number[data-name="${name}"]`).allTextContents();
  }

  /** The marked neurons, from left to right. */
  async marks(): Promise<number[]> {
    return (await this.root.getByRole("button", { name: /^Neuron / }).allTextContents()).map(Number);
  }

  /** The middle of one neuron's place in a row; both columns have equally many neurons, equally wide. */
  async place(where: "first" | "products", slot: number, of: number, entry: number): Promise<Point> {
    const canvas = await box(this.strips.locator("canvas"));
    const row = await box(this.row(entry));
    const caption = (text: RegExp) => box(this.root.locator(".caption").filter({ hasText: text }));
    const products = (await caption(/^q × k/)).x;
    const width = (canvas.x + canvas.width - products) / of;
    const start = where === "products" ? products : (await caption(/ of each token$/)).x;
    return { x: start + (slot + 0.5) * width, y: row.y + row.height / 2 };
  }

  /** The neurons from left to right, as the words under the pointer name them. */
  async order(of: number, entry: number): Promise<number[]> {
    const neurons: number[] = [];
    for (let slot = 0; slot < of; slot++) {
      const { x, y } = await this.place("products", slot, of, entry);
      await this.page.mouse.move(x, y);
      const text = (await this.tooltip.textContent()) ?? "";
      neurons.push(Number(/neuron (\d+)/.exec(text)?.[1]));
    }
    return neurons;
  }

  /** Whether a place is blue (1), orange (-1) or neither. */
  async sign({ x, y }: Point): Promise<number> {
    return this.strips.locator("canvas").evaluate(
      (canvas: HTMLCanvasElement, at) => {
        const frame = canvas.getBoundingClientRect();
        const ratio = canvas.width / frame.width;
        const place = [(at.x - frame.left) * ratio, (at.y - frame.top) * ratio] as const;
        const [red, , blue, alpha] = canvas.getContext("2d")?.getImageData(...place, 1, 1).data ?? [];
        if (alpha === 0) throw new Error("nothing is drawn there");
        return Math.abs(blue - red) < 6 ? 0 : Math.sign(blue - red);
      },
      { x, y },
    );
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
}
