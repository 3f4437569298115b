import type { ComponentProps } from "preact";
import { headsIn } from "../../store/meta.js";
import { Layers } from "../head/layers.js";
import { focusHead } from "../shared/actions.js";
import { spoken } from "../shared/format.js";
import { Select } from "../shared/select.js";
import type { NeuronState } from "./state.js";

/** Layer, head and query of a neuron view that stands alone: elsewhere one chooses them in the other views. */
export function Choosers({ view }: { view: NeuronState }) {
  const { head } = view.store.selection.value;
  const { entries } = view.store.queries.value;
  const pinned = view.head.pins.value.query;
  const chooseQuery = (entry: number) => view.store.select({ query: entry < 0 ? null : entries[entry].positions[0] });
  return (
    <div class="line neuron-choosers">
      <Layers view={view.head} />
      <Labelled
        label="head"
        options={headsIn(view.store.layerMeta.value).map((one) => [one, String(one)])}
        chosen={head ?? -1}
        choose={view.frame.guard((one) => focusHead(view.store, one))}
      />
      <Labelled
        label="looks from"
        options={[[-1, "all tokens"], ...entries.map(({ label }, entry) => [entry, spoken(label)] as const)]}
        chosen={pinned ?? -1}
        choose={view.frame.guard(chooseQuery)}
      />
    </div>
  );
}

function Labelled(props: ComponentProps<typeof Select>) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the list is its control
    <label class="layers">
      <span class="muted small">{props.label}</span>
      <Select {...props} />
    </label>
  );
}
