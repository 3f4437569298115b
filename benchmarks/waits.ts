/** Waiting in the page itself: Playwright's own looking costs more than what is measured. */
import type { Page } from "@playwright/test";

export function twoFrames(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
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
