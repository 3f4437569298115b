import { short, spoken } from "../shared/format.js";
import { marksOf } from "../shared/steps.js";
import type { SideName } from "./focus.js";
import type { ViewState } from "./state.js";

/** An entry as an option of its list, and how it stands out. */
export function optionOf(view: ViewState, side: SideName, entry: number) {
  const axis = view.axis(side);
  const hover = view.hover.value;
  const isPinned = view.pins.value[side] === entry;
  return {
    states: {
      pinned: isPinned,
      hovered: hover?.side === side && hover.entry === entry,
      faint: !axis.entries[entry].shown || view.isMasked(side, entry),
      ...marksOf(view.store.side(side), axis, entry),
    },
    props: {
      id: idOf(side, entry),
      role: "option" as const,
      tabIndex: -1,
      "aria-selected": isPinned,
      "aria-setsize": axis.entries.length,
      "aria-posinset": entry + 1,
    },
  };
}

/** What is read aloud of an entry. */
export function wordsOf(view: ViewState, side: SideName, entry: number, weight = view.weightAt(side, entry)): string {
  const { generated } = marksOf(view.store.side(side), view.axis(side), entry);
  const said = weight === null ? "" : short(weight, view.keys.value.entries.length);
  const says = weight === null ? "" : `, head ${view.store.drawn.value.head} ${view.measured} ${said}`;
  return nameOf(view, side, entry) + says + (generated ? ", generated" : "");
}

/** What an entry is called where it stands alone. */
export function nameOf(view: ViewState, side: SideName, entry: number): string {
  const { label, positions } = view.axis(side).entries[entry];
  return `${spoken(label)}, position ${positions[0]}`;
}

export function idOf(side: SideName, entry: number): string {
  return `${side}-${entry}`;
}
