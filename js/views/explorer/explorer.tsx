import { HeadPane } from "../head/head_pane.js";
import type { ViewState } from "../head/state.js";
import { ModelPane } from "../model/model_pane.js";
import type { ModelState } from "../model/state.js";
import { NeuronPane } from "../neuron/neuron_pane.js";
import type { NeuronState } from "../neuron/state.js";
import { Shell } from "../shared/shell.js";

/** The three scales in one cell, linked. */
export function Explorer({ model, head, neuron }: { model: ModelState; head: ViewState; neuron: NeuronState }) {
  return (
    <Shell store={head.store} frame={head.frame} label="Explorer">
      <ModelPane view={model} />
      <HeadPane view={head} />
      <NeuronPane view={neuron} />
    </Shell>
  );
}
