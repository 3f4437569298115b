import type { Store } from "../../store/store.js";
import { flip, flipLinks, goUp, moveLayer, nextOrder, soloHead, toggleHead, unpinInnermost } from "./actions.js";
import { copyCode } from "./copy.js";
import { isForHost } from "./events.js";
import { savePng, saveSvg } from "./figure/save.js";
import type { FrameState } from "./frame_state.js";
import { moveStep } from "./steps.js";

/** What the keys of the whole widget act on. */
export interface Acted {
  store: Store;
  frame: FrameState;
}

/** The keys that mean the same everywhere. One that returns false had nothing to do here and is the notebook's. */
const KEYS: Record<string, (acted: Acted) => unknown> = {
  "[": ({ store }) => moveLayer(store, -1),
  "]": ({ store }) => moveLayer(store, 1),
  h: ({ store }) => flip(store, "hide_first"),
  s: ({ store }) => flip(store, "hide_special"),
  w: ({ store }) => flip(store, "words"),
  l: (acted) => flipLinks(acted),
  o: ({ store }) => nextOrder(store),
  ",": ({ store }) => moveStep(store, -1),
  ".": ({ store }) => moveStep(store, 1),
  z: ({ store }) => store.history.undo(),
  Z: ({ store }) => store.history.redo(),
  c: ({ store, frame }) => void copyCode(store, frame),
  f: ({ store, frame }) => saveSvg(store, frame),
  F: ({ store, frame }) => savePng(store, frame),
  Backspace: ({ store, frame }) => goUp(store, frame),
  Escape: (acted) => closeInnermost(acted),
  "?": ({ frame }) => toggleHelp(frame),
};

/** What the keys do, for the panel that lists them. */
export const HELP: readonly (readonly [keys: string, does: string])[] = [
  ["Tab", "next control, grid or list"],
  ["arrows", "move: heads, tokens or neurons"],
  ["Page ↑ ↓, Home, End", "move far"],
  ["Enter", "go deeper: head, token, neuron"],
  ["Backspace", "go up again"],
  ["Space", "pin or unpin"],
  ["Esc", "unpin: neuron, key, then query"],
  ["[ ]", "previous, next layer"],
  ["0 to 9", "draw a head or not"],
  ["Shift + 0 to 9", "one head alone; again: all"],
  ["Shift + click", "bring a head into focus"],
  ["h", "hide the first token"],
  ["s", "hide special tokens"],
  ["w", "merge sub-words into words"],
  ["l", "rank heads by the pinned query and key"],
  ["o", "next order of the neurons"],
  [", .", "previous, next token that was generated"],
  ["z, Shift + z", "undo, redo"],
  ["c", "copy as Python code"],
  ["f, Shift + f", "save as a figure: SVG, PNG"],
  ["Shift + wheel", "scroll the tokens"],
  ["?", "these keys"],
];

/** Does what a key stands for anywhere in the widget. Returns whether it stands for anything. */
export function pressKey(acted: Acted, event: KeyboardEvent): boolean {
  if (isForHost(event)) return false;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (digit !== undefined) return pressDigit(acted.store, Number(digit), event.shiftKey);
  return event.key in KEYS && KEYS[event.key](acted) !== false;
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
  if (frame.code.peek() !== null) frame.code.value = null;
  else if (frame.helpOpen.peek()) frame.helpOpen.value = false;
  else return unpinInnermost(store);
  return true;
}
