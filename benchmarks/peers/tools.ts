/** The tools: how each makes its page, and where on it a hand goes. */
import type { Page } from "@playwright/test";

export interface Tool {
  name: string;
  view: "head" | "model";
  python: string;
  maker: string;
  /** Token counts, up to the first at which it breaks. */
  sizes: readonly number[];
  /** Runs on the page: whether the view is there. */
  isThere: string;
  /** Elements to point at. */
  targets: string;
  /** What shows where one token looks: the pointer on it, a click, or there is no such thing. */
  asks: "hover" | "click" | "";
  /** Shows another layer, or in a view of all layers enlarges a head; null where there is none. */
  change: ((page: Page, to: number) => Promise<unknown>) | null;
}

const ALL = [16, 32, 64, 128, 256, 512];
const PEERS = "build/peers/bin/python";

const clickIn = (selector: string, apart: number) => (page: Page, to: number) =>
  page.evaluate(([elements, at]) => window.seek(elements)[at].click(), [selector, apart * to] as const);
const clickAt = (selector: string) => async (page: Page, to: number) => {
  const box = await page.locator(selector).nth(to).boundingBox();
  if (box !== null) await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
};

export const TOOLS: readonly Tool[] = [
  {
    name: "headscope",
    view: "head",
    python: ".venv/bin/python",
    maker: "make_headscope.py",
    sizes: ALL,
    isThere: "seek('.column.query [data-entry]').length > 0",
    targets: ".column.query [data-entry] .token",
    asks: "hover",
    change: clickIn("[aria-label='Next layer']", 0),
  },
  {
    name: "BertViz",
    view: "head",
    python: PEERS,
    maker: "make_bertviz.py",
    sizes: ALL,
    isThere: "!!document.querySelector('#vis svg #attention line')",
    targets: "#left text",
    asks: "hover",
    change: (page, to) =>
      page.evaluate((layer) => {
        const select = document.querySelector<HTMLSelectElement>("#layer");
        if (select === null) return;
        select.value = String(layer);
        select.dispatchEvent(new Event("change", { bubbles: true }));
      }, to),
  },
  {
    name: "Inspectus",
    view: "head",
    python: PEERS,
    maker: "make_inspectus.py",
    sizes: ALL,
    isThere: "document.querySelectorAll('.src-tokens .token').length > 0",
    targets: ".src-tokens .token",
    asks: "click",
    change: clickIn(".dimension-values .value", 1),
  },
  {
    name: "CircuitsVis",
    view: "head",
    python: PEERS,
    maker: "make_circuitsvis.py",
    sizes: ALL,
    isThere: "[...document.querySelectorAll('canvas')].some((one) => one.width !== 300)",
    targets: "canvas",
    asks: "",
    change: null,
  },
  {
    name: "headscope",
    view: "model",
    python: ".venv/bin/python",
    maker: "make_headscope.py",
    sizes: ALL,
    isThere: "seek('canvas.thumbs')[0]?.dataset.layers === '12'",
    targets: "[role=gridcell]",
    asks: "",
    change: clickAt("[role=gridcell]"),
  },
  {
    name: "BertViz",
    view: "model",
    python: PEERS,
    maker: "make_bertviz.py",
    sizes: [16, 32, 64, 128, 256],
    isThere: "!!document.querySelector('#vis svg line')",
    targets: "rect.attn_background",
    asks: "",
    change: clickAt("rect.attn_background"),
  },
];
