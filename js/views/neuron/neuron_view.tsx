import { NeuronPane } from "./neuron_pane.js";
import type { NeuronState } from "./state.js";

/** The neuron view as a widget of its own. */
export function NeuronView({ view }: { view: NeuronState }) {
  return (
    <section class="pane" aria-label="Neurons">
      <NeuronPane view={view} />
    </section>
  );
}
