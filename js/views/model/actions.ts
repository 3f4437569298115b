import { headsIn } from "../../store/meta.js";
import type { ModelState } from "./state.js";
import type { Cell } from "./walk.js";

/** What a person can do in the grid, whether by pointer or by key. */

/** Brings a head into focus and draws it, alone or beside those of its layer that are drawn. */
export function choose(view: ModelState, cell: Cell, isAdded: boolean): void {
  const { selection } = view.store;
  const { layer, heads } = selection.peek();
  view.place.value = cell;
  if (isMissing(view, cell)) view.store.select({ layer: cell.layer, scale: "model" });
  else if (!isAdded || layer !== cell.layer) view.store.select({ ...cell, heads: [cell.head], scale: "model" });
  else if (heads.includes(cell.head)) view.store.select({ heads: heads.filter((one) => one !== cell.head) });
  else view.store.select({ heads: [...heads, cell.head], head: cell.head, scale: "model" });
}

/** Goes down to the head view, with the head in focus; what is drawn of its layer stays. */
export function goDown(view: ModelState, cell: Cell): void {
  if (isMissing(view, cell)) {
    choose(view, cell, false);
    return;
  }
  const { layer, heads } = view.store.selection.peek();
  const drawn = layer === cell.layer && heads.includes(cell.head) ? heads : [cell.head];
  view.place.value = cell;
  view.store.select({ ...cell, heads: drawn, scale: "head" });
  view.frame.focusPane("head");
}

/** Whether a layer does not have a head: it was refused, or the head is not in the page. */
function isMissing(view: ModelState, { layer, head }: Cell): boolean {
  const found = view.layers.peek().find((one) => one.layer === layer);
  return found === undefined || !headsIn(found).includes(head);
}
