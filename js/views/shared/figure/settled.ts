import type { Store } from "../../../store/store.js";
import { figureOf } from "./figure.js";

const LONGEST_MS = 60_000;
const PAUSE_MS = 100;

/** Waits until a view shows what is selected, and changes no more. */
export async function settled(root: HTMLElement, store: Store): Promise<void> {
  let before = "";
  for (const end = performance.now() + LONGEST_MS; performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), PAUSE_MS));
    if (!root.isConnected) throw new Error("The view was taken from the page before its figure was finished.");
    if (store.isWaiting) continue;
    const { svg } = figureOf(root);
    if (svg === before) return;
    before = svg;
  }
  throw new Error("The figure was not finished within a minute: ask again when the kernel has answered.");
}
