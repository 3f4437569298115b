import type { Store } from "../../store/store.js";
import type { ViewState } from "../head/state.js";
import type { FrameState } from "../shared/frame_state.js";

/** One neuron view on the page. */
export class NeuronState {
  constructor(
    readonly store: Store,
    readonly frame: FrameState,
    /** Whose key column is the row axis of the neurons. */
    readonly head: ViewState,
  ) {}
}
