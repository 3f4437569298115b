import { useRows } from "../head/rows.js";
import { Shell } from "../shared/shell.js";
import { NeuronPane } from "./neuron_pane.js";
import type { NeuronState } from "./state.js";

/** The neuron view as a widget of its own. */
export function NeuronView({ view }: { view: NeuronState }) {
  useRows(view.head);
  return (
    <Shell store={view.store} frame={view.frame} label="Neurons">
      <NeuronPane view={view} />
    </Shell>
  );
}
