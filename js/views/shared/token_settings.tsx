import type { PairFilter } from "../../store/settings.js";
import type { Store } from "../../store/store.js";
import { flip, type Switch, whyDisabled, whyNoFilter } from "./actions.js";
import { Choices, type Option } from "./choices.js";
import type { FrameState } from "./frame_state.js";

interface Props {
  store: Store;
  frame: FrameState;
}

/** In full, and for where there is little room. */
const LABELS: Record<Switch, readonly [string, string]> = {
  hide_first: ["hide first token", "hide first"],
  hide_special: ["hide special tokens", "hide special"],
  words: ["words", "words"],
};
const FILTERS: readonly Option<PairFilter>[] = [
  { value: "all" },
  { value: "a->a", text: "A→A", name: "from sentence A to A" },
  { value: "a->b", text: "A→B", name: "from sentence A to B" },
  { value: "b->a", text: "B→A", name: "from sentence B to A" },
  { value: "b->b", text: "B→B", name: "from sentence B to B" },
];

/** A switch about tokens. One that can do nothing here stays in place and says why. */
export function TokenSwitch({ store, frame, name }: Props & { name: Switch }) {
  const why = whyDisabled(store, name);
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={store.settings.value[name]}
      aria-disabled={why !== ""}
      aria-label={LABELS[name][0]}
      aria-description={why}
      data-hint={why}
      onClick={frame.guard(() => flip(store, name))}
    >
      {LABELS[name][frame.isAlone ? 0 : 1]}
    </button>
  );
}

export function SentenceFilter({ store, frame }: Props) {
  return (
    <Choices
      label="Sentence filter"
      options={FILTERS}
      chosen={store.settings.value.pair_filter}
      choose={frame.guard((pair_filter) => store.set({ pair_filter }))}
      why={whyNoFilter(store)}
    />
  );
}
