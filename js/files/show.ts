/** A file, shown in an element: no kernel, no server that computes. */
import type { ThumbnailQuestion } from "../source/source.js";
import type { Meta } from "../store/meta.js";
import { range, type Selection, START } from "../store/selection.js";
import { DEFAULTS } from "../store/settings.js";
import { Store } from "../store/store.js";
import { FIRST_SIZE } from "../store/thumbnail_loader.js";
import { mountView } from "../views/mount.js";
import type { Kind } from "../views/shared/frame_state.js";
import type { OpenFile } from "./capture.js";
import { type Kept, KeptModel } from "./kept_model.js";
import { FileSource } from "./source.js";

/** Which view of a file, where it was left, and how many bytes of layers it keeps if not the usual. */
export type How = Kept & { kind: Kind; layersBytes?: number };

/** Views that show all heads. */
const GRIDS: readonly Kind[] = ["explorer", "model"];

/** Shows a view of a file in an element until the signal ends it. */
export async function showCapture(el: HTMLElement, file: OpenFile, how: How, until: AbortSignal): Promise<void> {
  const source = new FileSource(file, how.layersBytes);
  const model = new KeptModel(traitsOf(file.meta, how.kind), how);
  if (GRIDS.includes(how.kind)) await source.begin(questionOf(model), until);
  mountView(el, new Store(model, source, until), how.kind, until);
}

/** The traits of a view of a capture, by name. */
export function traitsOf(meta: Meta, kind: Kind): Record<string, unknown> {
  return { kind, meta, error: "", ...startOf(meta, kind), ...DEFAULTS };
}

/** What is selected of a capture at first; as in python/headscope/widgets/selection.py. */
function startOf({ parts: [part] }: Meta, kind: Kind): Selection {
  const { layer, heads } = part.layers.find((one) => one.heads > 0) ?? part.layers[0];
  const head = heads > 0 ? 0 : null;
  const scale = kind === "explorer" ? "model" : kind;
  return { ...START, part: part.name, layer, heads: range(heads), head, scale };
}

/** Which pictures the grid begins with. */
function questionOf(model: KeptModel): ThumbnailQuestion {
  const names = ["part", "measure", "pair_filter", "hide_special", "reduce"];
  const asked = Object.fromEntries(names.map((name) => [name, model.get(name)]));
  return { ...asked, size: FIRST_SIZE } as unknown as ThumbnailQuestion;
}
