import { flip, moveLayer, soloHead, toggleHead, unpinInnermost } from "./actions.js";
import type { ViewState } from "./state.js";

const KEYS: Record<string, (view: ViewState) => void> = {
  h: (view) => flip(view, "hide_first"),
  s: (view) => flip(view, "hide_special"),
  w: (view) => flip(view, "words"),
  "[": (view) => moveLayer(view, -1),
  "]": (view) => moveLayer(view, 1),
  "?": (view) => toggleHelp(view),
};

/** What the keys do, for the panel that lists them. */
export const HELP: readonly (readonly [keys: string, does: string])[] = [
  ["Tab", "next control or column"],
  ["↑ ↓", "previous, next token"],
  ["← →", "the other column"],
  ["Page ↑ ↓, Home, End", "far along the tokens"],
  ["Space, Enter", "pin or unpin a token"],
  ["Esc", "unpin: the key first, then the query"],
  ["[ ]", "previous, next layer"],
  ["0 to 9", "draw a head or not"],
  ["Shift + 0 to 9", "one head alone; again: all"],
  ["Shift + click", "bring a head into focus"],
  ["h", "hide the first token"],
  ["s", "hide special tokens"],
  ["w", "merge sub-words into words"],
  ["Shift + wheel", "scroll the tokens"],
  ["?", "these keys"],
];

/** Does what a key stands for anywhere in the view. Returns whether it stands for anything. */
export function pressKey(view: ViewState, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (digit !== undefined) return pressDigit(view, Number(digit), event.shiftKey);
  if (event.key === "Escape") return closeInnermost(view);
  KEYS[event.key]?.(view);
  return event.key in KEYS;
}

export function toggleHelp(view: ViewState): void {
  view.helpOpen.value = !view.helpOpen.peek();
}

function pressDigit(view: ViewState, head: number, alone: boolean): boolean {
  if (head >= view.layerMeta.value.heads) return false;
  if (alone) soloHead(view, head, view.store.selection.peek().heads);
  else toggleHead(view, head);
  return true;
}

/** Closes or unpins the innermost thing; with nothing open or pinned the key is the notebook's. */
function closeInnermost(view: ViewState): boolean {
  if (!view.helpOpen.peek()) return unpinInnermost(view);
  view.helpOpen.value = false;
  return true;
}
