import { range } from "../../store/selection.js";
import { Layers } from "../head/layers.js";
import { focusHead } from "../shared/actions.js";
import { spoken } from "../shared/format.js";
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
      <List
        label="head"
        options={range(view.store.layerMeta.value.heads).map((one) => [one, String(one)])}
        chosen={head ?? -1}
        choose={view.frame.guard((one) => focusHead(view.store, one))}
      />
      <List
        label="looks from"
        options={[[-1, "all tokens"], ...entries.map(({ label }, entry) => [entry, spoken(label)] as const)]}
        chosen={pinned ?? -1}
        choose={view.frame.guard(chooseQuery)}
      />
    </div>
  );
}

interface Props {
  label: string;
  options: readonly (readonly [value: number, text: string])[];
  chosen: number;
  choose(value: number): void;
}

function List({ label, options, chosen, choose }: Props) {
  return (
    <label class="layers">
      <span class="muted small">{label}</span>
      <select aria-label={label} value={chosen} onChange={(event) => choose(Number(event.currentTarget.value))}>
        {options.map(([value, text]) => (
          <option key={value} value={value} selected={value === chosen}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
