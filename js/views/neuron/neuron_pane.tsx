import type { NeuronState } from "./state.js";

/** The neuron view as a pane, alone or in the explorer. */
export function NeuronPane({ view }: { view: NeuronState }) {
  return <div class="neuron-pane">layer {view.store.selection.value.layer}</div>;
}
