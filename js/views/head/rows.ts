import { useEffect, useRef } from "preact/hooks";
import { useReaction } from "../shared/reaction.js";
import { followNeeds } from "./needs.js";
import type { ViewState } from "./state.js";

/** Keeps in view what one is about, and knows where one rests: once in a widget, whichever of its panes are unfolded. */
export function useRows(view: ViewState): void {
  useReveal(view);
  useStay(view);
  useRest(view);
  useEffect(() => followNeeds(view), [view]);
}

/** Brings a newly pinned token into view, whoever pinned it. */
function useReveal(view: ViewState): void {
  const before = useRef<{ query: number | null; key: number | null }>({ query: null, key: null });
  const reveal = view.guard(() => {
    const { query, key } = view.store.selection.value;
    const isNew = { query: query !== before.current.query, key: key !== before.current.key };
    before.current = { query, key };
    if (isNew.query || isNew.key) view.apart.value = 0;
    const { query: queryEntry, key: keyEntry } = view.pins.peek();
    if (isNew.key && keyEntry !== null) view.reveal({ side: "key", entry: keyEntry });
    if (isNew.query && queryEntry !== null) view.reveal({ side: "query", entry: queryEntry });
  });
  useReaction(reveal);
}

const REST_MS = 100;
/** More than a frame, of which the tooltip takes most, and the neurons most of another. */
const STAY_MS = 20;

/** A pointer that sweeps over tokens has their lines and numbers at once; tooltips and neurons come where it rests. */
function useRest(view: ViewState): void {
  useReaction(() => {
    const hover = view.hover.value;
    const isPointer = hover?.by === "pointer";
    if (!isPointer) view.settle();
    const stay = view.guard(() => {
      view.stay.value = hover;
    });
    const rest = view.guard(() => {
      view.rest.value = hover;
      timer = setTimeout(stay, STAY_MS);
    });
    let timer = isPointer ? setTimeout(rest, REST_MS) : undefined;
    return () => clearTimeout(timer);
  });
}

/** Stays with the tokens that one was at while entries merge into words or part again. */
function useStay(view: ViewState): void {
  const before = useRef({ query: view.queries.peek(), key: view.keys.peek() });
  const stay = view.guard(() => {
    const now = { query: view.queries.value, key: view.keys.value };
    if (now.query !== before.current.query || now.key !== before.current.key) view.stayWith(before.current, now);
    before.current = now;
  });
  useReaction(stay);
}
