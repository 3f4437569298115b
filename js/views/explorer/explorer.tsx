import { HeadView } from "../head/head_view.js";
import type { ViewState } from "../head/state.js";
import { ModelPane } from "../model/model_pane.js";
import type { ModelState } from "../model/state.js";
import { NeuronPane } from "../neuron/neuron_pane.js";
import type { NeuronState } from "../neuron/state.js";

/** The three scales in one cell, linked. */
export function Explorer({ model, head, neuron }: { model: ModelState; head: ViewState; neuron: NeuronState }) {
  return (
    <section class="explorer" aria-label="Explorer">
      <ModelPane view={model} />
      <HeadView view={head} />
      <NeuronPane view={neuron} />
    </section>
  );
}
