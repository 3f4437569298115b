import { ROW } from "../head/layout.js";
import { spoken } from "../shared/format.js";
import { Label } from "../shared/label.js";
import { classes, px } from "../shared/style.js";
import { leaveRows, movedRow, pinRow, pointAtRow } from "./actions.js";
import type { NeuronState } from "./state.js";

/** The tokens of the rows, where no head view stands beside: keys, or queries as long as none is chosen. */
export function Tokens({ view }: { view: NeuronState }) {
  const { side } = view;
  const { first, last } = view.head.inView(side);
  const { entry } = view.active.value;
  return (
    <div
      class="neuron-tokens"
      style={{ width: px(view.columns.value.tokens.width) }}
      role="listbox"
      tabIndex={0}
      aria-label={side === "query" ? "Tokens that look (queries)" : "Tokens that are looked at (keys)"}
      aria-activedescendant={entry >= first && entry < last ? idOf(entry) : undefined}
      onFocus={view.frame.guard((event: FocusEvent) => {
        const isKeyboard = event.target instanceof Element && event.target.matches(":focus-visible");
        if (isKeyboard) pointAtRow(view, view.active.peek().entry);
      })}
      onBlur={view.frame.guard(() => leaveRows(view))}
      onKeyDown={view.frame.guard((event: KeyboardEvent) => press(view, event))}
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
  const hover = view.head.hover.value;
  const isPinned = view.head.pins.value[side] === entry;
  const isMasked = view.terms.value?.seen[view.position(side, entry)] === 0;
  return (
    <div
      id={idOf(entry)}
      class={classes("neuron-token", {
        pinned: isPinned,
        faint: !shown || isMasked,
        active: hover?.side === side && hover.entry === entry,
      })}
      style={{ top: px(entry * ROW), height: px(ROW) }}
      role="option"
      tabIndex={-1}
      aria-selected={isPinned}
      aria-label={`${spoken(label)}, position ${view.position(side, entry)}`}
    >
      <Label text={label} />
    </div>
  );
}

function press(view: NeuronState, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { entry } = view.active.peek();
  const moved = movedRow(view, event.key, entry);
  if (moved !== null) pointAtRow(view, moved);
  else if (event.key === " " || event.key === "Enter") pinRow(view, entry);
  else if (event.key === "ArrowRight") focusNeurons(event);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function focusNeurons({ currentTarget }: KeyboardEvent): void {
  if (!(currentTarget instanceof Element)) return;
  currentTarget.parentElement?.querySelector<HTMLElement>(".neuron-strips")?.focus();
}

function idOf(entry: number): string {
  return `row-${entry}`;
}
