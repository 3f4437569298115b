import type { Store } from "../../store/store.js";
import { type Heard, onKeys } from "../shared/events.js";
import type { FrameState } from "../shared/frame_state.js";

interface Props {
  store: Store;
  frame: FrameState;
}

const LEAST = 0.2;
const MOST = 0.8;
const STEP = 0.02;

/** The border between head and neuron pane: dragged, or moved by arrow keys. */
export function Divider({ store, frame }: Props) {
  const split = store.settings.value.split;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      class="divider"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Width of the head pane"
      aria-valuenow={Math.round(100 * split)}
      aria-valuemin={100 * LEAST}
      aria-valuemax={100 * MOST}
      data-hint="drag, or move by arrow keys"
      onPointerDown={frame.guard((event) => drag(store, frame, event))}
      onKeyDown={frame.guard(onKeys(({ key }) => moveByKey(store, key)))}
    />
  );
}

function drag(store: Store, frame: FrameState, event: Heard<PointerEvent>): void {
  const divider = event.currentTarget;
  const sheet = divider.parentElement;
  if (sheet === null || event.button !== 0) return;
  event.preventDefault();
  divider.focus();
  divider.setPointerCapture(event.pointerId);
  const ending = new AbortController();
  const { left, width } = sheet.getBoundingClientRect();
  const { width: own } = divider.getBoundingClientRect();
  const at = ({ clientX }: PointerEvent) => bounded((clientX - own / 2 - left) / (width - own));
  const move = frame.guard((moved: PointerEvent) => store.preview({ split: at(moved) }));
  const end = frame.guard((ended: PointerEvent) => {
    ending.abort();
    store.set({ split: ended.type === "pointerup" ? at(ended) : store.settings.peek().split });
  });
  divider.addEventListener("pointermove", move, { signal: ending.signal });
  for (const type of ["pointerup", "pointercancel"] as const)
    divider.addEventListener(type, end, { signal: ending.signal });
}

function moveByKey(store: Store, key: string): boolean {
  const by = { ArrowLeft: -STEP, ArrowRight: STEP }[key];
  if (by === undefined) return false;
  store.set({ split: bounded(store.settings.peek().split + by) });
  return true;
}

function bounded(split: number): number {
  return Math.round(100 * Math.min(MOST, Math.max(LEAST, split))) / 100;
}
