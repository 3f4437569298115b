import type { Store } from "../../../store/store.js";
import type { FrameState } from "../frame_state.js";
import { svgOf } from "./figure.js";

/** Saves what a view shows as an SVG file, by way of the browser's downloads. */
export function saveFigure(store: Store, frame: FrameState): void {
  const root = frame.root();
  if (root === null) return;
  const { layer, head } = store.selection.peek();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([svgOf(root)], { type: "image/svg+xml" }));
  link.download = `${frame.kind} layer ${layer}${head === null ? "" : ` head ${head}`}.svg`;
  link.click();
  URL.revokeObjectURL(link.href);
}
