import { opposite, type Place, type SideName } from "./focus.js";
import type { ViewState } from "./state.js";

/** What a person can do to the token columns, whether by pointer or by key. */

/** Pins a token; a pinned one is unpinned. */
export function togglePin(view: ViewState, { side, entry }: Place): void {
  const isPinned = view.pins.peek()[side] === entry;
  view.settle(); // what one pins, one looks at
  view.store.select({ [side]: isPinned ? null : view.axis(side).entries[entry].positions[0] });
}

/** Pins a token and goes down to its neurons, where they are in the same widget. */
export function goDeeper(view: ViewState, { side, entry }: Place): void {
  const position = view.axis(side).entries[entry].positions[0];
  const pinned = view.pins.peek()[side] === entry ? {} : { [side]: position };
  view.store.select(view.frame.isAlone ? pinned : { ...pinned, scale: "neuron" });
  view.frame.focusPane("neuron");
}

/** Puts the keyboard's place on an entry and shows what the pointer would show there. */
export function activate(view: ViewState, { side, entry }: Place): void {
  view.active.value = { ...view.active.peek(), [side]: entry };
  view.hover.value = { side, entry, by: "keyboard" };
  view.reveal({ side, entry });
}

/** Goes on in the other column, beside the place where one was. */
export function crossOver(view: ViewState, from: SideName): Place {
  const side = opposite(from);
  const last = view.axis(side).entries.length - 1;
  return { side, entry: Math.min(last, view.active.peek()[from]) };
}
