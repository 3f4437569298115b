import { asError } from "../../../store/loading.js";
import type { Store } from "../../../store/store.js";
import { download } from "../download.js";
import type { FrameState } from "../frame_state.js";
import { checkSize, type Figure, figureOf } from "./figure.js";
import { pngOf } from "./png.js";
import { settled } from "./settled.js";

/** Pixels of a saved image for each pixel of the page: about 300 to the inch. */
const SCALE = 3;

/** Saves what a view shows as an SVG file, by way of the browser's downloads. */
export function saveSvg(store: Store, frame: FrameState): void {
  save(store, frame, "svg", async (figure) => new Blob([checkSize(figure).svg], { type: "image/svg+xml" }));
}

/** The same as an image of pixels. */
export function savePng(store: Store, frame: FrameState): void {
  save(store, frame, "png", (figure) => pngOf(figure, SCALE));
}

/** Once what is selected is drawn. */
function save(store: Store, frame: FrameState, ending: string, write: (figure: Figure) => Promise<Blob>): void {
  const root = frame.root();
  if (root === null) return;
  settled(root, store)
    .then(async () => download(await write(figureOf(root)), nameOf(store, frame, ending)))
    .catch((thrown) => {
      frame.fault.value = asError(thrown);
    });
}

function nameOf(store: Store, frame: FrameState, ending: string): string {
  const { layer, head } = store.selection.peek();
  return `${frame.kind} layer ${layer}${head === null ? "" : ` head ${head}`}.${ending}`;
}
