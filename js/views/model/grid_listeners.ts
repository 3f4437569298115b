import { closest, type Heard, isWithin, onKeys } from "../shared/events.js";
import { choose, goDown } from "./actions.js";
import type { ModelState } from "./state.js";
import { type Cell, walk } from "./walk.js";

/** What the pointer and the keyboard do in the grid. */
export function gridListeners(view: ModelState) {
  const on = (event: Event, act: (cell: Cell) => void) => {
    const cell = cellOf(event);
    if (cell !== null) act(cell);
  };
  return {
    onPointerOver: view.guard((event: PointerEvent) => on(event, (cell) => hoverOn(view, cell))),
    onPointerLeave: view.guard(() => {
      view.hover.value = null;
    }),
    onClick: view.guard((event: MouseEvent) =>
      on(event, (cell) => choose(view, cell, event.shiftKey || event.ctrlKey || event.metaKey)),
    ),
    onDblClick: view.guard((event: MouseEvent) => {
      if (!event.shiftKey && !event.ctrlKey && !event.metaKey) on(event, (cell) => goDown(view, cell));
    }),
    onFocusIn: view.guard((event: FocusEvent) => {
      if (closest(event, ":focus-visible")) on(event, (cell) => hoverOn(view, cell));
    }),
    onFocusOut: view.guard((event: FocusEvent) => {
      if (!isWithin(event)) view.hover.value = null; // from cell to cell the enlarged head does not change in between
    }),
    onKeyDown: view.guard(onKeys((event) => press(view, event))),
  };
}

function hoverOn(view: ModelState, cell: Cell): void {
  const now = view.hover.peek();
  if (now?.layer !== cell.layer || now.head !== cell.head) view.hover.value = cell;
}

function press(view: ModelState, event: Heard<KeyboardEvent>): boolean {
  const cell = cellOf(event);
  if (cell === null) return false;
  const next = walk(view.grid.peek(), cell, event.key);
  if (next !== null) moveTo(view, event.currentTarget, next);
  else if (event.key === " ") choose(view, cell, event.shiftKey);
  else if (event.key === "Enter") goDown(view, cell);
  else return false;
  return true;
}

function moveTo(view: ModelState, grid: HTMLElement, cell: Cell): void {
  view.place.value = cell;
  grid.querySelector<HTMLElement>(`[data-cell="${cell.layer} ${cell.head}"]`)?.focus();
}

function cellOf(event: Event): Cell | null {
  const found = closest(event, "[data-cell]");
  if (found === null) return null;
  const [layer, head] = (found.dataset.cell ?? "").split(" ").map(Number);
  return { layer, head };
}
