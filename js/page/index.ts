/**
 * A view on a page of its own: no kernel, no network. The script stands right behind the data that it shows, an element
 * `<script type="application/json">`, and puts the view in between (python/headscope/export/page.py writes both).
 */
import { type EmbeddedLayer, EmbeddedSource } from "../source/embedded.js";
import { layerOfPart, partOf, readMeta } from "../store/meta.js";
import { Store } from "../store/store.js";
import { mountView } from "../views/mount.js";
import type { Kind } from "../views/shared/frame_state.js";
import { PageModel } from "./model.js";

interface Embedded {
  /** By name, as Python has them; `kind` and `meta` among them. */
  traits: Record<string, unknown>;
  layers: EmbeddedLayer[];
}

function show(script: HTMLScriptElement): void {
  const { traits, layers }: Embedded = JSON.parse(script.previousElementSibling?.textContent ?? "");
  const el = document.createElement("div");
  script.before(el);
  const meta = readMeta(traits.meta);
  const source = new EmbeddedSource(layers, {
    sides(part) {
      const { query_side, key_side } = partOf(meta, part);
      return { queries: meta.sides[query_side], keys: meta.sides[key_side] };
    },
    whyNot: (part, layer) => layerOfPart(partOf(meta, part), layer).reason,
  });
  const { signal } = new AbortController(); // it stands as long as the page does
  mountView(el, new Store(new PageModel(traits), source, signal), traits.kind as Kind, signal);
}

show(document.currentScript as HTMLScriptElement);
