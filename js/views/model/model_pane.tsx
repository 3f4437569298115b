import type { ModelState } from "./state.js";

/** The model view as a pane, alone or in the explorer. */
export function ModelPane({ view }: { view: ModelState }) {
  return <div class="model-pane">layer {view.store.selection.value.layer}</div>;
}
