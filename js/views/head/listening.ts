import { closest, type Heard, onKeys } from "../shared/events.js";
import { activate, crossOver, goDeeper, togglePin } from "./actions.js";
import type { Place, SideName } from "./focus.js";
import { idOf } from "./option.js";
import type { ViewState } from "./state.js";

/** Where in a list of tokens an event is, and where its keys lead. */
export interface TokenList {
  view: ViewState;
  side: SideName;
  /** Whether the entry that the keyboard is at is on the page. */
  isHere: boolean;
  /** Null where there is none. */
  entryUnder(event: Heard<PointerEvent | MouseEvent>): number | null;
  /** The entry that a key leads to from the active one, null for none. */
  moved(event: Heard<KeyboardEvent>): number | null;
}

/** Name, pointer and keys of the tokens of one side, however they are laid out. */
export function listProps(list: TokenList) {
  const { view, side } = list;
  const over = (event: Heard<PointerEvent | MouseEvent>, act: (place: Place) => void) => {
    const entry = list.entryUnder(event);
    if (entry !== null) act({ side, entry });
  };
  return {
    role: "listbox" as const,
    tabIndex: 0,
    "aria-label": side === "query" ? "Looks from (queries)" : "To (keys)",
    "aria-activedescendant": list.isHere ? idOf(side, view.active.value[side]) : undefined,
    onPointerMove: view.guard((event: Heard<PointerEvent>) => over(event, (place) => view.pointAt(place))),
    onPointerLeave: view.guard(() => view.leave()),
    onClick: view.guard((event: Heard<MouseEvent>) =>
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
    onKeyDown: view.guard(onKeys((event) => press(list, event))),
  };
}

/** The entry whose element an event is in. */
export function entryIn(event: Event): number | null {
  const entry = closest(event, "[data-entry]")?.dataset.entry;
  return entry === undefined ? null : Number(entry);
}

function press(list: TokenList, event: Heard<KeyboardEvent>): boolean {
  const { view, side } = list;
  const entry = view.active.peek()[side];
  const moved = list.moved(event);
  if (moved !== null) activate(view, { side, entry: moved });
  else if (event.key === " ") togglePin(view, { side, entry });
  else if (event.key === "Enter") goDeeper(view, { side, entry });
  else if (event.key === (side === "query" ? "ArrowRight" : "ArrowLeft")) goAcross(view, side, event.currentTarget);
  else return false;
  return true;
}

function goAcross(view: ViewState, side: SideName, list: HTMLElement): void {
  const place = crossOver(view, side);
  view.active.value = { ...view.active.peek(), [place.side]: place.entry };
  list.parentElement?.querySelector<HTMLElement>(`.${place.side}[role="listbox"]`)?.focus();
  activate(view, place);
}
