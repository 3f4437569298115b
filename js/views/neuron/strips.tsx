import { range } from "../../store/selection.js";
import { ROW, type Span } from "../head/layout.js";
import type { Ramp } from "../shared/ramps.js";
import { Canvas } from "./canvas.js";
import type { StripPlace } from "./columns.js";
import { paintStrip } from "./paint.js";
import type { NeuronState } from "./state.js";

const STRIP = 12;
const STRIP_TOLD = 16;
export const STRIP_Q = 14;

/** The strips of the rows in view. Their numbers are in the rows and in the words about a neuron. */
export function Strips({ view }: { view: NeuronState }) {
  const { first, products } = view.columns.value;
  const last = products ?? first;
  const width = last === null ? 0 : last.left + last.width;
  const label = `${view.strip.value} vectors of the tokens${products === null ? "" : ", and query times key, neuron by neuron"}`;
  const { height } = view.head.layout.value;
  return <Canvas view={view} label={label} width={width} height={height} scene={sceneOf} draw={drawRows} />;
}

/** The query's own vector, above the keys. */
export function QueryStrip({ view, place }: { view: NeuronState; place: StripPlace }) {
  const label = "query vector, neuron by neuron";
  const draw = (context: CanvasRenderingContext2D, { q, slots, extent }: ReturnType<typeof sceneOfQ>, ramp: Ramp) =>
    paintStrip(context, q, slots, { left: 0, top: 0, height: STRIP_Q, px: place.px }, ramp, extent);
  return <Canvas view={view} label={label} width={place.width} height={STRIP_Q} scene={sceneOfQ} draw={draw} />;
}

function sceneOfQ(view: NeuronState) {
  const q = view.terms.value?.q ?? new Float32Array(0);
  return { q, slots: view.slots.value, extent: view.extents.q.value };
}

interface Scene {
  view: NeuronState;
  rows: Span;
  top: number;
  told: number | null;
  slots: Int32Array;
  first: number;
  products: number;
}

function sceneOf(view: NeuronState): Scene {
  void [view.terms.value, view.strip.value, view.columns.value, view.store.settings.value.order, view.axis];
  const extents = { first: view.extents.first.value, products: view.extents.products.value };
  const rows = view.head.inView(view.side);
  return { view, rows, top: view.head.topOf(view.side), told: view.told.value, slots: view.slots.value, ...extents };
}

function drawRows(context: CanvasRenderingContext2D, scene: Scene, ramp: Ramp): void {
  const { view, rows, top, told, slots } = scene;
  if (view.subject.value === null) return;
  const terms = view.terms.value;
  const { first, products } = view.columns.value;
  const own = view.strip.value === "value" ? range(first?.count ?? 0) : slots; // a value has components of its own
  for (let entry = rows.first; entry < rows.last; entry++) {
    const position = view.position(view.side, entry);
    if (terms !== null && terms.seen[position] === 0) continue;
    const height = entry === told ? STRIP_TOLD : STRIP;
    const box = { top: entry * ROW - top + (ROW - height) / 2, height };
    if (first !== null) {
      paintStrip(context, view.vector(position), own, { ...first, ...box }, ramp, scene.first);
    }
    if (products !== null) {
      paintStrip(context, view.drawn(position), slots, { ...products, ...box }, ramp, scene.products);
    }
  }
}
