import { headsIn } from "../../store/meta.js";
import type { Scale } from "../../store/selection.js";
import { ORDERS } from "../../store/settings.js";
import type { Store } from "../../store/store.js";
import type { FrameState } from "./frame_state.js";

/** What a person can do in any view, whether by pointer or by key. */

export function moveLayer(store: Store, by: number): void {
  const { layers } = store.part.value;
  const now = layers.findIndex((one) => one.layer === store.selection.value.layer);
  const next = layers[Math.min(layers.length - 1, Math.max(0, now + by))];
  store.select({ layer: next.layer });
}

/** Draws a head, which brings it into focus, or no longer draws it. */
export function toggleHead(store: Store, head: number): void {
  const { heads } = store.selection.peek();
  if (!headsIn(store.layerMeta.value).includes(head)) return;
  if (heads.includes(head)) store.select({ heads: heads.filter((one) => one !== head) });
  else store.select({ heads: [...heads, head], head });
}

/** Draws one head alone; if it was alone, all of them. */
export function soloHead(store: Store, head: number, before: readonly number[]): void {
  if (!headsIn(store.layerMeta.value).includes(head)) return;
  const alone = before.length === 1 && before[0] === head;
  store.select({ heads: alone ? headsIn(store.layerMeta.value) : [head], head });
}

/** Brings a head into focus, and draws it if it was not drawn. */
export function focusHead(store: Store, head: number): void {
  const { heads } = store.selection.peek();
  if (!headsIn(store.layerMeta.value).includes(head)) return;
  store.select(heads.includes(head) ? { head } : { heads: [...heads, head], head });
}

/** Unpins the neuron, else the key, else the query. Returns whether there was anything to unpin. */
export function unpinInnermost(store: Store): boolean {
  const { query, key, neuron } = store.selection.peek();
  if (neuron !== null) store.select({ neuron: null });
  else if (key !== null) store.select({ key: null });
  else if (query !== null) store.select({ query: null });
  else return false;
  return true;
}

const UP: Record<Scale, Scale | null> = { neuron: "head", head: "model", model: null };

/** Goes up a scale, with the keyboard; what is pinned stays. Returns whether there is one. */
export function goUp(store: Store, frame: FrameState): boolean {
  const above = frame.isAlone ? null : UP[store.place ?? store.selection.peek().scale];
  if (above === null) return false;
  store.select({ scale: above });
  frame.focusPane(above);
  return true;
}

/** Orders the neurons in the next way. */
export function nextOrder(store: Store): void {
  const now = ORDERS.indexOf(store.settings.peek().order);
  store.set({ order: ORDERS[(now + 1) % ORDERS.length] });
}

/** Opens or closes the ranking of the model pane; returns whether there is one. */
export function flipLinks({ store, frame }: { store: Store; frame: FrameState }): boolean {
  if (frame.kind !== "model" && frame.kind !== "explorer") return false;
  store.set({ links: !store.settings.peek().links });
  return true;
}

export type Switch = "hide_first" | "hide_special" | "words";

export function flip(store: Store, name: Switch): void {
  if (whyDisabled(store, name) === "") store.set({ [name]: !store.settings.peek()[name] });
}

/** Why a switch can do nothing here, "" if it can. A switch that is on can always be turned off. */
export function whyDisabled(store: Store, name: Switch): string {
  if (store.settings.value[name]) return "";
  const sides = [store.side("query"), store.side("key")];
  if (name === "hide_special" && !sides.some((side) => side.special.includes(1))) return "no special tokens here";
  if (name === "words" && sides.every((side) => new Set(side.words).size === side.words.length)) {
    return "every token here is a whole word";
  }
  return "";
}

export function whyNoFilter(store: Store): string {
  return [store.side("query"), store.side("key")].some((side) => side.segments !== null) ? "" : "one sentence here";
}
