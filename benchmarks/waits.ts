/** Waiting in the page itself: Playwright's own looking costs more than what is measured. */
import type { Page } from "@playwright/test";

export function twoFrames(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}

/** Until the next frame begins; what comes after it has the frame behind it. */
export function nextFrame(page: Page): Promise<void> {
  return page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve())));
}

const LOOK_MS = 20;
const WAIT_MS = 600_000;

/**
 * Waits until one of headscope's views, or the page around them, has something for every selector, and a number in the last.
 *
 * Playwright's `expect` describes the whole page each time that it looks in vain: a tenth of a second of what is
 * measured. Looking once a frame would make the page draw frames.
 */
export async function areThere(page: Page, selectors: readonly string[], number?: string): Promise<void> {
  const found = await page.evaluate(
    ([wanted, withNumber, wait, every]) => {
      const isFound = () => {
        const views = [...document.querySelectorAll("[data-lm-suppress-shortcuts]")].map((host) => host.shadowRoot);
        return [document, ...views].some(
          (root) =>
            wanted.every((selector) => root?.querySelector(selector)) &&
            (withNumber === undefined || /\d/.test(root?.querySelector(withNumber)?.textContent ?? "")),
        );
      };
      const end = Date.now() + wait;
      return new Promise<boolean>((resolve) => {
        const look = () => {
          if (isFound() || Date.now() > end) resolve(isFound());
          else setTimeout(look, every);
        };
        look();
      });
    },
    [selectors, number, WAIT_MS, LOOK_MS] as const,
  );
  if (!found) throw new Error(`not on the page: ${[...selectors, number].join(", ")}`);
}

/** Runs on the page: waits until the last pane shows a layer. */
export function isAtLayer(explorer: Node, layer: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const rows = (explorer as Element).querySelector<HTMLElement>(".neuron-rows"); // may be another element by then
      if (rows?.dataset.layer !== String(layer)) return;
      watcher.disconnect();
      resolve();
    };
    const watcher = new MutationObserver(look); // looking once a frame would make the page draw frames
    watcher.observe(explorer, { subtree: true, childList: true, attributeFilter: ["data-layer"] });
    look();
  });
}
