import { closest, type Heard, onKeys } from "../shared/events.js";
import { short, spoken } from "../shared/format.js";
import { Label } from "../shared/label.js";
import { movedDown } from "../shared/moves.js";
import { marksOf } from "../shared/steps.js";
import { classes, px } from "../shared/style.js";
import { activate, crossOver, goDeeper, togglePin } from "./actions.js";
import type { Place, SideName } from "./focus.js";
import { ROW } from "./layout.js";
import type { ViewState } from "./state.js";

interface Props {
  view: ViewState;
  side: SideName;
}

/** The tokens of one side. Of a long text only those in view are on the page. */
export function Column({ view, side }: Props) {
  const { first, last } = view.inView(side);
  const active = view.active.value[side];
  const isActiveInView = active >= first && active < last;
  return (
    <div
      class={`column ${side}`}
      style={{ width: px(view.layout.value.zone[side]) }}
      role="listbox"
      tabIndex={0}
      aria-label={side === "query" ? "Looks from (queries)" : "To (keys)"}
      aria-activedescendant={isActiveInView ? idOf(side, active) : undefined}
      {...listeners(view, side)}
    >
      <div class="slide">
        {Array.from({ length: last - first }, (_, index) => (
          <Entry key={first + index} view={view} side={side} entry={first + index} />
        ))}
      </div>
    </div>
  );
}

function Entry({ view, side, entry }: Props & { entry: number }) {
  const { label, shown, positions } = view.axis(side).entries[entry];
  const hover = view.hover.value;
  const isPinned = view.pins.value[side] === entry;
  const weight = view.weightAt(side, entry);
  const marks = marksOf(view.store.side(side), view.axis(side), entry);
  return (
    <div
      id={idOf(side, entry)}
      class={classes("entry", {
        pinned: isPinned,
        hovered: hover?.side === side && hover.entry === entry,
        faint: !shown || view.isMasked(side, entry),
        quiet: view.focus.value?.side === side && view.focus.value.entry !== entry,
        ...marks,
      })}
      style={{ top: px(entry * ROW) }}
      data-entry={entry}
      role="option"
      tabIndex={-1}
      aria-selected={isPinned}
      aria-setsize={view.axis(side).entries.length}
      aria-posinset={entry + 1}
      aria-label={described(view, label, positions[0], weight) + (marks.generated ? ", generated" : "")}
    >
      <span class="token" style={{ width: px(view.layout.value.token) }}>
        <Label text={label} />
      </span>
      <Weight view={view} side={side} entry={entry} weight={weight} />
    </div>
  );
}

/** The number of the head in focus; without a focus, only what is wrong with a row. */
function Weight({ view, side, entry, weight }: Props & { entry: number; weight: number | null }) {
  const text = weight === null ? (view.isBroken(side, entry) ? "NaN" : "") : short(weight);
  return <span class={classes("number", { error: text === "NaN" })}>{text}</span>;
}

function described(view: ViewState, label: string, position: number, weight: number | null): string {
  const place = `${spoken(label)}, position ${position}`;
  if (weight === null) return place;
  return `${place}, head ${view.store.drawn.value.head} ${view.measured} ${short(weight)}`;
}

function listeners(view: ViewState, side: SideName) {
  const over = (event: Event, act: (place: Place) => void) => {
    const entry = closest(event, "[data-entry]");
    if (entry !== null) act({ side, entry: Number(entry.dataset.entry) });
  };
  return {
    onPointerMove: view.guard((event: PointerEvent) => over(event, (place) => hoverOn(view, place))),
    onPointerLeave: view.guard(() => view.leave()),
    onClick: view.guard((event: MouseEvent) =>
      over(event, (place) => {
        view.active.value = { ...view.active.peek(), [side]: place.entry };
        togglePin(view, place);
      }),
    ),
    onFocus: view.guard((event: FocusEvent) => {
      if (closest(event, ":focus-visible")) activate(view, { side, entry: view.active.peek()[side] });
    }),
    onBlur: view.guard(() => {
      if (view.hover.peek()?.by === "keyboard") view.hover.value = null;
    }),
    onKeyDown: view.guard(onKeys((event) => pressInColumn(view, side, event))),
  };
}

function hoverOn(view: ViewState, place: Place): void {
  const now = view.hover.peek();
  if (now?.by === "pointer" && now.side === place.side && now.entry === place.entry) return;
  view.hover.value = { ...place, by: "pointer" };
}

function pressInColumn(view: ViewState, side: SideName, event: Heard<KeyboardEvent>): boolean {
  const entry = view.active.peek()[side];
  const moved = movedDown(event.key, entry, view.axis(side).entries.length, view.pageOf(side));
  if (moved !== null) activate(view, { side, entry: moved });
  else if (event.key === " ") togglePin(view, { side, entry });
  else if (event.key === "Enter") goDeeper(view, { side, entry });
  else if (event.key === (side === "query" ? "ArrowRight" : "ArrowLeft")) goAcross(view, side, event.currentTarget);
  else return false;
  return true;
}

function goAcross(view: ViewState, side: SideName, column: HTMLElement): void {
  const place = crossOver(view, side);
  view.active.value = { ...view.active.peek(), [place.side]: place.entry };
  column.parentElement?.querySelector<HTMLElement>(`.column.${place.side}`)?.focus();
  activate(view, place);
}

function idOf(side: SideName, entry: number): string {
  return `${side}-${entry}`;
}
