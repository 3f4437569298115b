import { computed, effect, type ReadonlySignal, untracked } from "@preact/signals";
import type { LayerData } from "../../source/layer.js";
import type { Need } from "../../source/need.js";
import type { ViewState } from "./state.js";

/** A pointer that stays this long on a token means it. */
const DWELL_MS = 100;
/** While one scrolls, rows that fly by are not asked for. */
const SCROLL_MS = 40;

/** Asks for what the view is about to read of a long layer, the most wanted first, until the returned function is called. */
export function followNeeds(view: ViewState): () => void {
  const { pins, hover, focus } = view;
  const column = computed(() => (focus.value?.side === "key" ? focus.value.entry : null));
  const stops = [
    bring(view, 0, () => onScreen(view, false)),
    bring(view, SCROLL_MS, () => onScreen(view, true)),
    bring(view, DWELL_MS, () => ofEntry(view, hover.value?.side === "query" ? hover.value.entry : null)),
    bring(view, 0, () => (column.value === pins.value.key ? ofColumn(view, column.value) : null)),
    bring(view, DWELL_MS, () => ofColumn(view, column.value)),
    bring(view, 0, () => (view.store.settings.value.measure === "value_norm" ? { heads: [], norms: true } : null)),
    view.store.addNeed(() => untracked(() => ({ ...onScreen(view, true), heads: view.store.selection.value.heads }))),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Brings whatever is needed of the layer in the picture, once it has been wanted for so long. */
export function bring(view: ViewState, waitMs: number, needOf: () => Need | null): () => void {
  const need: ReadonlySignal<Need | null> = computed(needOf);
  const follow = view.guard(() => {
    const layer: LayerData | undefined = view.picture.value?.layer;
    const wanted = need.value;
    if (layer === undefined || wanted === null) return;
    if (untracked(() => layer.isHere(wanted))) return; // what arrives for others must not start this anew
    const ending = new AbortController();
    const ask = () => view.store.follow(layer.bring(wanted, { signal: ending.signal }), ending.signal);
    const timer = waitMs > 0 ? setTimeout(ask, waitMs) : undefined;
    if (waitMs === 0) ask();
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  });
  return effect(follow);
}

/** The keys of the heads drawn, and the rows of the queries in view and of the pinned one. */
function onScreen(view: ViewState, withRows: boolean): Need {
  const heads = view.heads.value;
  if (view.map.isOn.value) return { heads: [] };
  if (!withRows) return { heads, all: ["key"] };
  const { first, last } = view.inView("query");
  const { entries } = view.queries.value;
  const inView = entries.slice(first, last).flatMap(({ positions }) => positions);
  const pinned = view.pins.value.query;
  return { heads, rows: pinned === null ? inView : [...inView, ...entries[pinned].positions] };
}

function ofEntry(view: ViewState, entry: number | null): Need | null {
  return entry === null ? null : { heads: view.heads.value, rows: view.queries.value.entries[entry]?.positions ?? [] };
}

function ofColumn(view: ViewState, entry: number | null): Need | null {
  const picture = view.picture.value;
  return entry === null || picture === null ? null : picture.columnNeed(view.heads.value, entry);
}
