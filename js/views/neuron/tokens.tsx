import { ROW } from "../head/layout.js";
import { spoken } from "../shared/format.js";
import { Label } from "../shared/label.js";
import { marksOf } from "../shared/steps.js";
import { classes, px } from "../shared/style.js";
import { movedRow, pinRow, pointAtRow, showRow } from "./actions.js";
import { listening } from "./list.js";
import type { NeuronState } from "./state.js";

/** The tokens of the rows, where no head view stands beside: keys, or queries as long as none is chosen. */
export function Tokens({ view }: { view: NeuronState }) {
  const { side } = view;
  const { first, last } = view.head.inView(side);
  const { entry } = view.active.value;
  return (
    <div
      class="neuron-tokens"
      role="listbox"
      tabIndex={0}
      style={{ width: px(view.columns.value.tokens.width) }}
      aria-label={side === "query" ? "Tokens that look (queries)" : "Tokens that are looked at (keys)"}
      aria-activedescendant={entry >= first && entry < last ? idOf(entry) : undefined}
      {...listening(
        view,
        () => pointAtRow(view, view.active.peek().entry),
        (key, list) => press(view, key, list),
      )}
    >
      {Array.from({ length: last - first }, (_, index) => (
        <Token key={first + index} view={view} entry={first + index} />
      ))}
    </div>
  );
}

function Token({ view, entry }: { view: NeuronState; entry: number }) {
  const { side } = view;
  const { label, shown } = view.axis.entries[entry];
  const hover = view.head.stay.value;
  const isPinned = view.head.pins.value[side] === entry;
  const isMasked = view.terms.value?.seen[view.position(side, entry)] === 0;
  return (
    <div
      id={idOf(entry)}
      class={classes("neuron-token", {
        pinned: isPinned,
        faint: !shown || isMasked,
        active: hover?.side === side && hover.entry === entry,
        ...marksOf(view.store.side(side), view.axis, entry),
      })}
      style={{ top: px(entry * ROW), height: px(ROW) }}
      role="option"
      tabIndex={-1}
      aria-selected={isPinned}
      aria-label={`${spoken(label)}, position ${view.position(side, entry)}`}
    >
      <Label text={label.replace(/^patch (?=\d)/, "")} />
    </div>
  );
}

function press(view: NeuronState, key: string, list: Element): boolean {
  const { entry } = view.active.peek();
  const moved = movedRow(view, key);
  if (moved !== null) showRow(view, moved);
  else if (key === " " || key === "Enter") pinRow(view, entry);
  else if (key === "ArrowRight") list.parentElement?.querySelector<HTMLElement>(".neuron-strips")?.focus();
  else return false;
  return true;
}

function idOf(entry: number): string {
  return `row-${entry}`;
}
