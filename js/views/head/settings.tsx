import { PAIR_FILTERS, type PairFilter } from "../../store/settings.js";
import { flip, moveFilter, type Switch, whyDisabled, whyNoFilter } from "./actions.js";
import type { ViewState } from "./state.js";

const SWITCHES: readonly (readonly [Switch, string])[] = [
  ["hide_first", "hide first token"],
  ["hide_special", "hide special tokens"],
  ["words", "words"],
];
const FILTERS: Record<PairFilter, string> = { all: "all", "a->a": "A→A", "a->b": "A→B", "b->a": "B→A", "b->b": "B→B" };
const FILTER_NAMES: Record<PairFilter, string> = {
  all: "all",
  "a->a": "from sentence A to A",
  "a->b": "from sentence A to B",
  "b->a": "from sentence B to A",
  "b->b": "from sentence B to B",
};

/** Which tokens take part. A control that can do nothing here stays in place and says why. */
export function SettingsRow({ view }: { view: ViewState }) {
  return (
    <div class="line settings">
      {SWITCHES.map(([name, label]) => (
        <Toggle key={name} view={view} name={name} label={label} />
      ))}
      <Filter view={view} />
    </div>
  );
}

function Toggle({ view, name, label }: { view: ViewState; name: Switch; label: string }) {
  const why = whyDisabled(view, name);
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={view.store.settings.value[name]}
      aria-disabled={why !== ""}
      aria-description={why}
      data-hint={why}
      onClick={view.guard(() => flip(view, name))}
    >
      {label}
    </button>
  );
}

function Filter({ view }: { view: ViewState }) {
  const why = whyNoFilter(view);
  return (
    <div
      class="filter"
      role="radiogroup"
      aria-label="Sentence filter"
      aria-disabled={why !== ""}
      aria-description={why}
      data-hint={why}
      onKeyDown={view.guard((event) => moveByKey(view, event))}
    >
      {PAIR_FILTERS.map((filter) => (
        <Choice key={filter} view={view} filter={filter} isEnabled={why === ""} />
      ))}
    </div>
  );
}

function Choice({ view, filter, isEnabled }: { view: ViewState; filter: PairFilter; isEnabled: boolean }) {
  const isChosen = view.store.settings.value.pair_filter === filter;
  const choose = () => {
    if (isEnabled) view.store.set({ pair_filter: filter });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an input shows no text of its own
    <button
      type="button"
      role="radio"
      aria-checked={isChosen}
      aria-label={FILTER_NAMES[filter]}
      tabIndex={isChosen ? 0 : -1}
      onClick={view.guard(choose)}
    >
      {FILTERS[filter]}
    </button>
  );
}

/** As in any group of radio buttons, arrows move and choose at once. */
function moveByKey(view: ViewState, event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  moveFilter(view, by);
  const chosen = PAIR_FILTERS.indexOf(view.store.settings.peek().pair_filter);
  event.currentTarget.querySelectorAll("button")[chosen].focus();
}
