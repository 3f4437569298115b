import { asError } from "../../../store/loading.js";
import type { Store } from "../../../store/store.js";
import { download } from "../download.js";
import type { FrameState } from "../frame_state.js";
import { checkSize, figureOf } from "./figure.js";
import { pngOf } from "./png.js";

/** Pixels of a saved image for each pixel of the page: about 300 to the inch. */
const SCALE = 3;

/** Saves what a view shows as an SVG file, by way of the browser's downloads. */
export function saveSvg(store: Store, frame: FrameState): void {
  const root = frame.root();
  if (root === null) return;
  const { svg } = checkSize(figureOf(root));
  download(new Blob([svg], { type: "image/svg+xml" }), nameOf(store, frame, "svg"));
}

/** The same as an image of pixels. */
export function savePng(store: Store, frame: FrameState): void {
  const root = frame.root();
  if (root === null) return;
  const name = nameOf(store, frame, "png");
  pngOf(figureOf(root), SCALE).then(
    (png) => download(png, name),
    (thrown) => {
      frame.fault.value = asError(thrown);
    },
  );
}

function nameOf(store: Store, frame: FrameState, ending: string): string {
  const { layer, head } = store.selection.peek();
  return `${frame.kind} layer ${layer}${head === null ? "" : ` head ${head}`}.${ending}`;
}
