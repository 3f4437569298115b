import { range } from "../../store/selection.js";
import { opposite, type Place, type SideName } from "./focus.js";
import type { ViewState } from "./state.js";

/** What a person can do, whether by pointer or by key. */

export function moveLayer(view: ViewState, by: number): void {
  const { layers } = view.part.value;
  const now = layers.findIndex((one) => one.layer === view.store.selection.value.layer);
  const next = layers[Math.min(layers.length - 1, Math.max(0, now + by))];
  view.store.select({ layer: next.layer });
}

/** Draws a head, which brings it into focus, or no longer draws it. */
export function toggleHead(view: ViewState, head: number): void {
  const { heads } = view.store.selection.peek();
  if (head >= view.layerMeta.value.heads) return;
  if (heads.includes(head)) view.store.select({ heads: heads.filter((one) => one !== head) });
  else view.store.select({ heads: [...heads, head], head });
}

/** Draws one head alone; if it was alone, all of them. */
export function soloHead(view: ViewState, head: number, before: readonly number[]): void {
  if (head >= view.layerMeta.value.heads) return;
  const alone = before.length === 1 && before[0] === head;
  view.store.select({ heads: alone ? range(view.layerMeta.value.heads) : [head], head });
}

/** Brings a head into focus, and draws it if it was not drawn. */
export function focusHead(view: ViewState, head: number): void {
  const { heads } = view.store.selection.peek();
  view.store.select(heads.includes(head) ? { head } : { heads: [...heads, head], head });
}

/** Pins a token; a pinned one is unpinned. */
export function togglePin(view: ViewState, { side, entry }: Place): void {
  const isPinned = view.pins.peek()[side] === entry;
  view.store.select({ [side]: isPinned ? null : view.axis(side).entries[entry].positions[0] });
}

/** Unpins the key, else the query. Returns whether there was anything to unpin. */
export function unpinInnermost(view: ViewState): boolean {
  const { query, key } = view.store.selection.peek();
  if (key !== null) view.store.select({ key: null });
  else if (query !== null) view.store.select({ query: null });
  else return false;
  return true;
}

export type Switch = "hide_first" | "hide_special" | "words";

export function flip(view: ViewState, name: Switch): void {
  if (whyDisabled(view, name) === "") view.store.set({ [name]: !view.store.settings.peek()[name] });
}

/** Why a switch can do nothing here, "" if it can. A switch that is on can always be turned off. */
export function whyDisabled(view: ViewState, name: Switch): string {
  if (view.store.settings.value[name]) return "";
  const sides = [view.part.value.query_side, view.part.value.key_side].map((index) => view.store.meta.sides[index]);
  if (name === "hide_special" && !sides.some((side) => side.special.includes(1))) return "no special tokens here";
  if (name === "words" && sides.every((side) => new Set(side.words).size === side.words.length)) {
    return "every token here is a whole word";
  }
  return "";
}

export function whyNoFilter(view: ViewState): string {
  const sides = [view.part.value.query_side, view.part.value.key_side].map((index) => view.store.meta.sides[index]);
  return sides.some((side) => side.segments !== null) ? "" : "one sentence here";
}

/** Moves the keyboard's place within a column. */
export function moveActive(view: ViewState, side: SideName, to: (entry: number, page: number) => number): void {
  const last = view.axis(side).entries.length - 1;
  const page = Math.max(1, view.inView(side).last - view.inView(side).first - 2);
  const entry = Math.min(last, Math.max(0, to(view.active.peek()[side], page)));
  activate(view, { side, entry });
}

/** Puts the keyboard's place on an entry and shows what the pointer would show there. */
export function activate(view: ViewState, { side, entry }: Place): void {
  view.active.value = { ...view.active.peek(), [side]: entry };
  view.hover.value = { side, entry, by: "keyboard" };
  view.reveal(entry);
}

/** Goes on in the other column, beside the place where one was. */
export function crossOver(view: ViewState, from: SideName): Place {
  const side = opposite(from);
  const last = view.axis(side).entries.length - 1;
  return { side, entry: Math.min(last, view.active.peek()[from]) };
}
