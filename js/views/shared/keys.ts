import type { Store } from "../../store/store.js";
import { flip, moveLayer, soloHead, toggleHead, unpinInnermost } from "./actions.js";
import type { FrameState } from "./frame_state.js";

/** What the keys of the whole widget act on. */
export interface Acted {
  store: Store;
  frame: FrameState;
}

const KEYS: Record<string, (acted: Acted) => void> = {
  h: ({ store }) => flip(store, "hide_first"),
  s: ({ store }) => flip(store, "hide_special"),
  w: ({ store }) => flip(store, "words"),
  "[": ({ store }) => moveLayer(store, -1),
  "]": ({ store }) => moveLayer(store, 1),
  "?": ({ frame }) => toggleHelp(frame),
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

/** Does what a key stands for anywhere in the widget. Returns whether it stands for anything. */
export function pressKey(acted: Acted, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (digit !== undefined) return pressDigit(acted.store, Number(digit), event.shiftKey);
  if (event.key === "Escape") return closeInnermost(acted);
  KEYS[event.key]?.(acted);
  return event.key in KEYS;
}

export function toggleHelp(frame: FrameState): void {
  frame.helpOpen.value = !frame.helpOpen.peek();
}

function pressDigit(store: Store, head: number, alone: boolean): boolean {
  if (head >= store.layerMeta.value.heads) return false;
  if (alone) soloHead(store, head, store.selection.peek().heads);
  else toggleHead(store, head);
  return true;
}

/** Closes or unpins the innermost thing; with nothing open or pinned the key is the notebook's. */
function closeInnermost({ store, frame }: Acted): boolean {
  if (!frame.helpOpen.peek()) return unpinInnermost(store);
  frame.helpOpen.value = false;
  return true;
}
