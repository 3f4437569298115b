import type { Store } from "../../store/store.js";
import type { FrameState } from "../shared/frame_state.js";

/** One model view on the page. */
export class ModelState {
  constructor(
    readonly store: Store,
    readonly frame: FrameState,
  ) {}
}
