import { togglePin } from "../head/actions.js";
import { ROW } from "../head/layout.js";
import { movedDown } from "../shared/moves.js";
import type { StripPlace } from "./columns.js";
import type { NeuronState, Pointed } from "./state.js";

/** What a person can do in the neuron view, whether by pointer or by key. */

/** Shows what a row is about, and the same token in a head view beside. */
export function pointAtRow(view: NeuronState, entry: number): void {
  const { side } = view;
  if (entry !== view.active.peek().entry) view.active.value = { ...view.active.peek(), entry };
  const now = view.head.hover.peek();
  if (now?.side !== side || now.entry !== entry) view.head.hover.value = { side, entry, by: "pane" };
}

/** The same for a row that the keyboard goes to, wherever it is. */
export function showRow(view: NeuronState, entry: number): void {
  pointAtRow(view, entry);
  view.head.reveal({ side: view.side, entry });
}

export function leaveRows(view: NeuronState): void {
  view.pointed.value = null;
  if (view.head.hover.peek()?.by === "pane") view.head.hover.value = null;
}

/** Pins the token of a row; a pinned one is unpinned. */
export function pinRow(view: NeuronState, entry: number): void {
  togglePin(view.head, { side: view.side, entry });
}

export function pinNeuron(view: NeuronState, neuron: number): void {
  view.store.select({ neuron: view.store.selection.peek().neuron === neuron ? null : neuron });
}

/** The row and the neuron under a point of the body, null for none. */
export function under(
  view: NeuronState,
  x: number,
  y: number,
): { entry: number | null; strip: Omit<Pointed, "by"> | null } {
  const { first, products } = view.columns.peek();
  const row = Math.floor((y + view.head.topOf(view.side)) / ROW);
  const entry = row >= 0 && row < view.axis.entries.length ? row : null;
  const isMasked = entry !== null && view.terms.peek()?.seen[view.position("key", entry)] === 0;
  if (entry === null || isMasked) return { entry, strip: null };
  return { entry, strip: inStrip(view, "first", first, x) ?? inStrip(view, "products", products, x) };
}

/** Which neuron a column has at a place across. */
export function inStrip(view: NeuronState, where: Pointed["where"], place: StripPlace | null, x: number) {
  if (place === null || x < place.left || x >= place.left + place.width) return null;
  const slot = Math.floor((x - place.left) / place.px);
  const isOwn = where === "first" && view.strip.peek() === "value"; // a value has components of its own
  return { where, neuron: isOwn ? slot : view.slots.peek()[slot] };
}

/** The entry that a key leads to, null for a key that does not move between rows. */
export function movedRow(view: NeuronState, key: string): number | null {
  return movedDown(key, view.active.peek().entry, view.axis.entries.length, view.head.pageOf(view.side));
}
