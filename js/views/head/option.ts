import { short, spoken } from "../shared/format.js";
import { marksOf } from "../shared/steps.js";
import type { SideName } from "./focus.js";
import type { ViewState } from "./state.js";

/** An entry as an option of its list: how it stands out, and what is read aloud of it. */
export function optionOf(view: ViewState, side: SideName, entry: number, weight = view.weightAt(side, entry)) {
  const axis = view.axis(side);
  const hover = view.hover.value;
  const isPinned = view.pins.value[side] === entry;
  const marks = marksOf(view.store.side(side), axis, entry);
  const said = weight === null ? "" : short(weight, view.keys.value.entries.length);
  const says = weight === null ? "" : `, head ${view.store.drawn.value.head} ${view.measured} ${said}`;
  return {
    states: {
      pinned: isPinned,
      hovered: hover?.side === side && hover.entry === entry,
      faint: !axis.entries[entry].shown || view.isMasked(side, entry),
      ...marks,
    },
    props: {
      id: idOf(side, entry),
      role: "option" as const,
      tabIndex: -1,
      "aria-selected": isPinned,
      "aria-setsize": axis.entries.length,
      "aria-posinset": entry + 1,
      "aria-label": nameOf(view, side, entry) + says + (marks.generated ? ", generated" : ""),
    },
  };
}

/** What an entry is called where it stands alone. */
export function nameOf(view: ViewState, side: SideName, entry: number): string {
  const { label, positions } = view.axis(side).entries[entry];
  return `${spoken(label)}, position ${positions[0]}`;
}

export function idOf(side: SideName, entry: number): string {
  return `${side}-${entry}`;
}
