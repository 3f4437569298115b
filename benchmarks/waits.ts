/** Waiting in the page itself: Playwright's own looking costs more than what is measured. */
import type { Page } from "@playwright/test";

export function twoFrames(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}

/** Runs on the page: waits until the last pane shows a layer. */
export function isAtLayer(explorer: Node, layer: number): Promise<void> {
  const rows = () => (explorer as Element).querySelector<HTMLElement>(".neuron-rows"); // may be another element by then
  return new Promise((resolve) => {
    const look = () => (rows()?.dataset.layer === String(layer) ? resolve() : void requestAnimationFrame(look));
    look();
  });
}
