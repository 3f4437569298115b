import { bytesOf } from "../source/bytes.js";
import type { KernelSource } from "../source/kernel.js";
import type { Wire } from "../source/lines.js";
import type { Header } from "../source/packet.js";
import { sharedSource } from "../source/shared.js";
import type { FirstThumbnails } from "../source/thumbnails.js";
import { isPaged, type Meta, readMeta, type Side } from "../store/meta.js";
import { Store } from "../store/store.js";
import type { Traits } from "../store/synced.js";

/** What the host hands over: state and messages of one widget. */
export type WidgetModel = Traits & Wire;

interface Runtime {
  /** As `initialize` got it: a host drops the listeners that were set through a view's own model when that view goes. */
  model: WidgetModel;
  store: Store | null;
  ending: AbortController;
}

/**
 * One per widget, so that all the places where it is shown share selection and layers. By the object in the trait
 * `meta`, which is one per widget: the models that hosts hand out are wrapped anew for every call.
 */
const runtimes = new WeakMap<object, Runtime>();

export function startWidget(model: WidgetModel): Runtime {
  const known = runtimes.get(keyOf(model));
  if (known !== undefined) return known;
  const runtime = { model, store: null, ending: new AbortController() };
  runtimes.set(keyOf(model), runtime);
  return runtime;
}

export function endWidget(model: WidgetModel): void {
  runtimes.get(keyOf(model))?.ending.abort();
  runtimes.delete(keyOf(model));
}

/**
 * The store of a widget; made when its first view wants it, so that what goes wrong is shown there. Where the tokens did
 * not come along, it is there as soon as they are.
 */
export function storeOf(model: WidgetModel, onProgress: (done: number) => void): Store | Promise<Store> {
  const runtime = startWidget(model);
  if (runtime.store !== null) return runtime.store;
  const meta = readMeta(runtime.model.get("meta"));
  const source = sourceOf(runtime);
  const { signal } = runtime.ending;
  const make = (all: Meta) => {
    runtime.store ??= new Store(runtime.model, source, signal, all);
    return runtime.store;
  };
  if (!isPaged(meta)) return make(meta);
  return source
    .sides(meta.sides.length, { signal, onProgress })
    .then((sides) => make({ ...meta, sides: sides as Side[] }));
}

function keyOf(model: WidgetModel): object {
  const meta = model.get("meta");
  return typeof meta === "object" && meta !== null ? meta : model;
}

function sourceOf({ model, ending }: Runtime): KernelSource {
  const { capture } = readMeta(model.get("meta"));
  const line = { wire: model, closed: ending.signal };
  const source = sharedSource(capture, line, "vscodeThemeKind" in document.body.dataset);
  const bytes = model.get("layers_bytes");
  if (typeof bytes === "number") source.keepLayersUpTo(bytes);
  const layer = model.get("first") as Partial<Header> | null | undefined;
  if (layer?.arrays !== undefined) source.keepLayer({ header: layer, pieces: [bytesOf(model.get("first_data"))] });
  const pictures = model.get("first_thumbnails") as Partial<FirstThumbnails> | null | undefined;
  if (pictures?.layers !== undefined) {
    source.keepFirst(pictures as FirstThumbnails, bytesOf(model.get("first_thumbnails_data")));
  }
  return source;
}
