import { unpack } from "../source/ascii.js";
import { type Contents, type EmbeddedLayer, EmbeddedSource } from "../source/embedded.js";
import { type FirstThumbnails, firstOf } from "../source/thumbnails.js";
import { layerOfPart, type Meta, partOf, readMeta } from "../store/meta.js";
import { Store } from "../store/store.js";
import { mountView } from "../views/mount.js";
import type { Kind } from "../views/shared/frame_state.js";
import { PageModel } from "./model.js";

/** A view as it stands in a page (python/headscope/export/page.py) or in a notebook (saved.py beside it). */
export interface Embedded {
  /** By name, as Python has them; `kind` and `meta` among them. */
  traits: Record<string, unknown>;
  layers: EmbeddedLayer[];
  /** Small pictures of layers that need not be there, their payload as `unpack` reads it. */
  thumbnails?: (FirstThumbnails & { payload: string }) | null;
  /** What is said of a layer that is not there. */
  missing?: string;
  /** What one has to know, above the view. */
  note?: string | null;
}

/** Shows it in an element, without a kernel, until the signal ends it. */
export async function mountEmbedded(el: HTMLElement, embedded: Embedded, until: AbortSignal): Promise<void> {
  const { traits, layers } = embedded;
  const meta = readMeta(traits.meta);
  const pictures = embedded.thumbnails ? await readPictures(embedded.thumbnails) : undefined;
  if (until.aborted) return;
  if (embedded.note) addNote(el, embedded.note, until);
  const source = new EmbeddedSource(layers, contentsOf(meta, pictures, embedded.missing));
  mountView(el, new Store(new PageModel(traits), source, until), traits.kind as Kind, until);
}

async function readPictures({
  payload,
  ...first
}: FirstThumbnails & { payload: string }): Promise<Contents["pictures"]> {
  const count = first.layers.reduce((sum, { bytes }) => sum + bytes, 0);
  return { question: first.question, layers: firstOf(first, await unpack(payload, count)) };
}

const NOT_SAVED = "was not saved. Run the cell to see it.";

function contentsOf(meta: Meta, pictures: Contents["pictures"], missing = NOT_SAVED): Contents {
  return {
    sides(part) {
      const { query_side, key_side } = partOf(meta, part);
      return { queries: meta.sides[query_side], keys: meta.sides[key_side] };
    },
    whyNot(part, layer) {
      const { heads, reason } = layerOfPart(partOf(meta, part), layer);
      return heads === 0 ? reason : `Layer ${layer} ${missing}`;
    },
    pictures,
  };
}

function addNote(el: HTMLElement, text: string, until: AbortSignal): void {
  const note = document.createElement("p");
  note.style.cssText = "margin:0 0 4px;font:12px/16px system-ui,sans-serif;opacity:0.75"; // colours are the host's
  note.textContent = text;
  el.append(note);
  until.addEventListener("abort", () => note.remove());
}
