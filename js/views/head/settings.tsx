import type { PairFilter } from "../../store/settings.js";
import { flip, type Switch, whyDisabled, whyNoFilter } from "../shared/actions.js";
import { Choices, type Option } from "../shared/choices.js";
import type { ViewState } from "./state.js";

const SWITCHES: readonly (readonly [Switch, string])[] = [
  ["hide_first", "hide first token"],
  ["hide_special", "hide special tokens"],
  ["words", "words"],
];
const FILTERS: readonly Option<PairFilter>[] = [
  { value: "all", text: "all" },
  { value: "a->a", text: "A→A", name: "from sentence A to A" },
  { value: "a->b", text: "A→B", name: "from sentence A to B" },
  { value: "b->a", text: "B→A", name: "from sentence B to A" },
  { value: "b->b", text: "B→B", name: "from sentence B to B" },
];

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
  const why = whyDisabled(view.store, name);
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={view.store.settings.value[name]}
      aria-disabled={why !== ""}
      aria-description={why}
      data-hint={why}
      onClick={view.guard(() => flip(view.store, name))}
    >
      {label}
    </button>
  );
}

function Filter({ view }: { view: ViewState }) {
  return (
    <Choices
      label="Sentence filter"
      options={FILTERS}
      chosen={view.store.settings.value.pair_filter}
      choose={view.guard((pair_filter) => view.store.set({ pair_filter }))}
      why={whyNoFilter(view.store)}
    />
  );
}
